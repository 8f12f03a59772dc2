// Computes the findings of an audit from measures and features.

import { trackProgress } from '../../core/internal.js';
import { evaluatePredictions, type Evaluation } from '../metrics/index.js';
import { sides } from '../../image/internal.js';
import { inputPreprocessing } from '../predict/internal.js';
import type { Audit, AuditDatasetOptions, AuditFinding } from './audit.js';
import { AUDIT_CHECKS } from './auditChecks.js';
import { learningCurveOf, overlappingClasses, smallClasses, wrongLabels } from './classFindings.js';
import { type CopyGroup, duplicateFindings, equalFiles, groupsOf, CANDIDATES, isNearDuplicate } from './duplicates.js';
import type { AuditEntry, FeatureEntry } from './entries.js';
import { imageFindings } from './imageFindings.js';
import { areHashesWithin } from './measureImage.js';
import { compareAll, type SimilarPair } from './neighbors.js';
import { type CurvePoint, outOfFold } from './outOfFold.js';
import { outliers } from './outliers.js';

const SEVERITIES = ['high', 'medium', 'low'] as const;

/** @param entries - All images, those that can be decoded with features. */
export async function auditEntries(entries: readonly (AuditEntry | FeatureEntry)[], options: AuditDatasetOptions): Promise<Audit> {
  const { classNames, checks = AUDIT_CHECKS } = options;
  const known = entries.filter((entry): entry is FeatureEntry => 'features' in entry);
  const { groups, pairs, closeness } = await compareEntries(known, options);
  const classes = classNames.map((name, c) => {
    const own = entries.filter(({ labelIndex }) => labelIndex === c);
    const train = own.filter(({ image }) => image.part === 'train').length;
    return { name, train, validation: own.length - train };
  });
  const predicted = await predictEntries(known, groups, options);
  const { evaluation, curve, judged } = predicted ?? {};
  const inputSize = Math.min(...sides(inputPreprocessing('auditImages', options.features, options.preprocessing).inputSize));
  const findings = [
    ...(evaluation === undefined ? [] : [wrongLabels(evaluation, judged ?? []), ...overlappingClasses(evaluation, judged ?? [])]),
    ...duplicateFindings(copyGroups(known, groups, pairs)),
    smallClasses(classes),
    outliers(known, closeness),
    ...imageFindings(entries, inputSize),
  ].filter((finding): finding is AuditFinding => finding !== undefined && checks.includes(finding.kind));
  const rank = ({ severity, kind }: AuditFinding): number =>
    SEVERITIES.indexOf(severity) * AUDIT_CHECKS.length + AUDIT_CHECKS.indexOf(kind);
  return {
    images: entries.length,
    classes,
    findings: findings.sort((a, b) => rank(a) - rank(b)),
    accuracy: evaluation === undefined ? undefined : Number(evaluation.accuracy.toFixed(4)),
    learningCurve:
      curve === undefined ? undefined : learningCurveOf(curve, classes.filter(({ train, validation }) => train + validation > 1).length),
  };
}

interface Comparison {
  /** The group of copies of every image, by the position of its first image. */
  readonly groups: readonly number[];
  readonly pairs: readonly SimilarPair[];
  readonly closeness: Float32Array;
}

async function compareEntries(entries: readonly FeatureEntry[], { onProgress, signal }: AuditDatasetOptions): Promise<Comparison> {
  const advance = trackProgress(onProgress, 'copies', 'images', entries.length);
  const rows = entries.map(({ features }) => features);
  const hashes = entries.map(({ measures }) => measures.hash);
  const { pairs, closeness } = await compareAll(rows, {
    similarity: CANDIDATES.similarity,
    looksAlike: (first, second) => areHashesWithin(hashes[first] as Uint32Array, hashes[second] as Uint32Array, CANDIDATES.hashDistance),
    onRow: async (done) => {
      advance(done);
      await pause(signal);
    },
  });
  advance(entries.length);
  const near = pairs.filter((pair) => isNearDuplicate(pair, entries));
  const equal = equalFiles(entries).flatMap(([first = 0, ...others]) => others.map((second) => ({ first, second, similarity: 1 })));
  return { groups: groupsOf(entries.length, [...near, ...equal]), pairs: [...near, ...equal], closeness };
}

/** Lets other work of the thread run, such as the click on a button that cancels. */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}

function copyGroups(entries: readonly FeatureEntry[], groups: readonly number[], pairs: readonly SimilarPair[]): CopyGroup[] {
  const scores = new Float64Array(entries.length);
  for (const { first, second, similarity } of pairs) {
    scores[first] = Math.max(scores[first] as number, similarity);
    scores[second] = Math.max(scores[second] as number, similarity);
  }
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const known = members.get(group);
    if (known === undefined) members.set(group, [i]);
    else known.push(i);
  });
  return [...members.values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const copies = group.map((i) => entries[i] as FeatureEntry);
      const isExact = copies.every(({ digest }) => digest !== undefined && digest === copies[0]?.digest);
      return { entries: copies, scores: group.map((i) => scores[i] as number), isExact };
    });
}

interface PredictedEntries {
  readonly evaluation: Evaluation;
  readonly curve: readonly CurvePoint[];
  /** The images of the evaluation. */
  readonly judged: readonly FeatureEntry[];
}

/** Predicts the images of all classes that have two or more. A single image cannot be predicted by others of its class. */
async function predictEntries(
  entries: readonly FeatureEntry[],
  groups: readonly number[],
  { classNames, folds = 5, seed = 0, onProgress, signal }: AuditDatasetOptions,
): Promise<PredictedEntries | undefined> {
  const groupsPerClass = classNames.map((_, c) => new Set(groups.filter((_group, i) => entries[i]?.labelIndex === c)).size);
  const positions = [...entries.keys()].filter((i) => (groupsPerClass[(entries[i] as FeatureEntry).labelIndex] as number) > 1);
  const judged = positions.map((i) => entries[i] as FeatureEntry);
  if (new Set(judged.map(({ labelIndex }) => labelIndex)).size < 2) return undefined;
  const advance = trackProgress(onProgress, 'labels', 'folds', folds);
  const labels = judged.map(({ labelIndex }) => labelIndex);
  const { probabilities, curve } = await outOfFold(
    { rows: judged.map(({ features }) => features), labels, classes: classNames.length, groups: positions.map((i) => groups[i] as number) },
    {
      folds,
      seed,
      onFold: async (done) => {
        advance(done);
        await pause(signal);
      },
    },
  );
  const rows = judged.map((_, i) => probabilities.subarray(i * classNames.length, (i + 1) * classNames.length));
  const evaluation = evaluatePredictions(rows, labels, { classNames, files: judged.map(({ image }) => image.origin) });
  return { evaluation, curve, judged };
}
