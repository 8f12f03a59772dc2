// Says in three sentences what to do next, from the numbers of a report.

import { confidenceInterval, type ConfusedPair, type Evaluation, type LabelIssue } from '../../evaluation/metrics/index.js';
import { uniqueNames } from '../../evaluation/metrics/internal.js';
import { counted, percent } from '../chart.js';

/** What advice is computed from. */
export interface AdviceSource {
  readonly evaluation: Evaluation;
  readonly suspects: readonly LabelIssue[];
  readonly confusions: readonly ConfusedPair[];
  /** Fraction of the images that can be answered with at most 5 % of wrong answers. NaN if there is none. */
  readonly coverage: number;
}

const SENTENCES = 3;
/** A class with fewer samples than this has scores that depend on single photos. */
const FEW = 20;

/** Returns three sentences, the most useful first. */
export function adviceOf(source: AdviceSource): string[] {
  return [labels(source), pair(source), balance(source), calibration(source), size(source), coverage(source)]
    .filter((sentence) => sentence !== undefined)
    .slice(0, SENTENCES);
}

function labels({ suspects, evaluation }: AdviceSource): string | undefined {
  if (suspects.length === 0) return undefined;
  return (
    `Check the ${counted(suspects.length, 'suspected label', 'suspected labels')} first: correcting labels is the fastest way to a better ` +
    `classifier, and ${percent(suspects.length / evaluation.count)} of these samples may be labeled wrongly.`
  );
}

function pair({ confusions, evaluation }: AdviceSource): string | undefined {
  const wrong = confusions.reduce((sum, { count }) => sum + count, 0);
  const pairs = new Map<string, { readonly names: readonly [string, string]; count: number }>();
  const names = uniqueNames(evaluation.classNames);
  for (const { labelIndex, predictedIndex, count } of confusions) {
    const [a, b] = [Math.min(labelIndex, predictedIndex), Math.max(labelIndex, predictedIndex)];
    const one = pairs.get(`${a},${b}`) ?? { names: [names[a] as string, names[b] as string] as const, count: 0 };
    pairs.set(`${a},${b}`, one);
    one.count += count;
  }
  const [worst] = [...pairs.values()].sort((a, b) => b.count - a.count);
  if (worst === undefined || worst.count < 2) return undefined;
  return (
    `Add photos of ${worst.names[0]} and ${worst.names[1]} that show how they differ: ${worst.count} of the ` +
    `${counted(wrong, 'mistake', 'mistakes')} confuse these two, which are one class if people cannot tell them apart either.`
  );
}

function balance({ evaluation }: AdviceSource): string | undefined {
  const names = uniqueNames(evaluation.classNames);
  const classes = evaluation.perClass
    .map(({ support }, i) => ({ name: names[i] as string, support }))
    .sort((a, b) => a.support - b.support);
  const [fewest, most] = [classes[0], classes.at(-1)];
  if (fewest === undefined || most === undefined || fewest.support >= FEW || most.support < 2 * fewest.support) return undefined;
  return (
    `Add photos of ${fewest.name}: this data has ${counted(fewest.support, 'sample', 'samples')} of it and ${most.support} of ${most.name}, ` +
    'so its scores say little.'
  );
}

function calibration({ evaluation }: AdviceSource): string | undefined {
  const { ece, bins } = evaluation.calibration;
  if (ece < 0.05) return undefined;
  const confidence = bins.reduce((sum, bin) => sum + (bin.count === 0 ? 0 : bin.confidence * bin.count), 0) / evaluation.count;
  const word = confidence > evaluation.accuracy ? 'too confident' : 'not confident enough';
  return (
    `Fit a temperature (\`calibrate\`) before you use the probabilities: the model is ${word}, with a mean confidence of ` +
    `${percent(confidence)} and an accuracy of ${percent(evaluation.accuracy)}.`
  );
}

function size({ evaluation }: AdviceSource): string | undefined {
  const { low, high } = confidenceInterval(evaluation, 'accuracy');
  if (high - low < 0.06) return undefined;
  return (
    `Evaluate on more photos before you compare models: with ${counted(evaluation.count, 'sample', 'samples')}, the accuracy is only known to lie ` +
    `between ${percent(low)} and ${percent(high)}.`
  );
}

function coverage({ coverage: share }: AdviceSource): string {
  if (!(share > 0)) return 'Do not rely on single answers yet: at no confidence are 95 % of the answers correct.';
  if (share === 1) return 'Use the answers as they are: at most 5 % of them are wrong, without a threshold.';
  return `Let a person look at the least confident ${percent(1 - share)} of the images: at most 5 % of the other answers are wrong.`;
}
