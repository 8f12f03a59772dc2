// Findings about labels and classes: probably wrong labels, classes that overlap, and classes of very different sizes.

import { confusedPairs, type Evaluation, labelIssues } from '../metrics/index.js';
import type { Audit, AuditFinding, AuditImage, LearningCurve } from './audit.js';
import type { AuditEntry } from './entries.js';
import { countOf } from './imageFindings.js';
import type { CurvePoint } from './outOfFold.js';

/** Two classes overlap if more than this fraction of one is predicted as the other. */
const OVERLAP = 0.15;
const OVERLAPPING_PAIRS = 5;
/** Classes with less than this fraction of the images of the largest one are reported. */
const IMBALANCE = 0.25;
/** A class with fewer training images is too small to be measured. */
const FEW = 10;

/** Returns the images whose labels are probably wrong. The evaluation has the images in the order of the entries. */
export function wrongLabels(evaluation: Evaluation, entries: readonly AuditEntry[]): AuditFinding | undefined {
  const images = labelIssues(evaluation).map(({ index, suggested, quality }): AuditImage => ({
    ...(entries[index] as AuditEntry).image,
    suggested,
    score: Number(quality.toPrecision(4)),
  }));
  if (images.length === 0) return undefined;
  const inValidation = images.filter(({ part }) => part === 'validation').length;
  const note =
    inValidation === 0 ? '' : ` ${inValidation} of them ${inValidation === 1 ? 'is a validation image' : 'are validation images'}.`;
  return {
    kind: 'wrong-label',
    severity: 'high',
    images,
    advice: `${countOf(images.length)} probably have a wrong label. Look at them from the top, and correct those that are wrong.${note}`,
  };
}

/** Returns a finding for each of the pairs of classes that are confused most, with the confused images. */
export function overlappingClasses(evaluation: Evaluation, entries: readonly AuditEntry[]): AuditFinding[] {
  const { labels, predicted, probabilities } = evaluation.predictions;
  const classes = evaluation.classNames.length;
  return confusedPairs(evaluation, classes * classes)
    .filter(({ share, count }) => share > OVERLAP && count > 1)
    .slice(0, OVERLAPPING_PAIRS)
    .map(({ label, labelIndex, predicted: other, predictedIndex, share }): AuditFinding => {
      const images = entries.flatMap(({ image }, i): AuditImage[] =>
        labels[i] !== labelIndex || predicted[i] !== predictedIndex
          ? []
          : [{ ...image, suggested: other, score: Number((probabilities[i * classes + labelIndex] as number).toPrecision(4)) }],
      );
      return {
        kind: 'overlap',
        severity: 'medium',
        images: images.sort((a, b) => a.score - b.score),
        advice:
          `${Math.round(100 * share)} % of '${label}' look like '${other}'. ` +
          'Add images that show the difference, state a rule for the labels, or join the two classes.',
      };
    });
}

/** Returns a finding about classes that have far fewer training images than the largest one, or too few to learn from. */
export function smallClasses(classes: Audit['classes']): AuditFinding | undefined {
  const largest = Math.max(...classes.map(({ train }) => train));
  const small = classes.filter(({ train }) => train < IMBALANCE * largest || train < FEW).sort((a, b) => a.train - b.train);
  if (small.length === 0) return undefined;
  const shown = small.slice(0, 5).map(({ name, train }) => `'${name}' (${train})`);
  const more = small.length > shown.length ? ` and ${small.length - shown.length} more` : '';
  return {
    kind: 'imbalance',
    severity: small.some(({ train }) => train < FEW) ? 'medium' : 'low',
    images: [],
    advice: `Few training images: ${shown.join(', ')}${more}; the largest class has ${largest}. Add images to these classes first.`,
  };
}

/** Turns counts into accuracies with intervals, and extrapolates them to twice the number of images. */
export function learningCurveOf(curve: readonly CurvePoint[], classes: number): LearningCurve | undefined {
  // With fewer than two images per class, the accuracy says little about more images.
  const used = curve.filter(({ images }) => images >= 2 * classes);
  if (used.length < 2) return undefined;
  const points = used.map(({ images, correct, total }) => ({
    imagesPerClass: Number((images / classes).toFixed(1)),
    accuracy: Number((correct / total).toFixed(4)),
    ...wilson(correct, total),
  }));
  return { points, expected: expectedAccuracy(points) };
}

/** Fits error = a n^-b to the points by least squares of the logarithms. */
function expectedAccuracy(points: LearningCurve['points']): LearningCurve['expected'] {
  const last = points.at(-1) as LearningCurve['points'][number];
  if (points.some(({ accuracy }) => accuracy >= 1)) return undefined;
  const xs = points.map(({ imagesPerClass }) => Math.log(imagesPerClass));
  const ys = points.map(({ accuracy }) => Math.log(1 - accuracy));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, value) => sum + (value - x) ** 2, 0);
  const slope = xs.reduce((sum, value, i) => sum + (value - x) * ((ys[i] as number) - y), 0) / spread;
  if (!(slope < 0)) return undefined;
  const imagesPerClass = 2 * last.imagesPerClass;
  return { imagesPerClass, accuracy: Number((1 - Math.exp(y + slope * (Math.log(imagesPerClass) - x))).toFixed(4)) };
}

/** The 95 % interval of a proportion. */
function wilson(correct: number, total: number): { low: number; high: number } {
  const z = 1.96;
  const share = correct / total;
  const scale = 1 + z ** 2 / total;
  const center = (share + z ** 2 / (2 * total)) / scale;
  const half = (z * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2))) / scale;
  return { low: Number((center - half).toFixed(4)), high: Number((center + half).toFixed(4)) };
}
