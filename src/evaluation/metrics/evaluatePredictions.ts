// Evaluates predictions that have already been computed. `evaluate` runs a model on a dataset.

import {
  arrayOf,
  boolean,
  check,
  checkOptions,
  didYouMean,
  differentTexts,
  either,
  invalid,
  list,
  positiveInteger,
  probability,
  rule,
  text,
} from '../../core/internal.js';
import { DataError, OptionError } from '../../core/index.js';
import { collectPredictions, type CollectedPredictions } from './collectPredictions.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';
import { summarize, summarizeLabelSets } from './summarize.js';

/** Numeric rows: an array of rows, or one flat row-major array. */
export type Rows = ArrayLike<number> | readonly ArrayLike<number>[];

/** Options for evaluations of one class per sample. */
export interface EvaluationOptions {
  /** Whether a sample can have any number of classes. @defaultValue false */
  readonly multiLabel?: false | undefined;
  /**
   * Name of each class, in the order of the outputs. Several classes may have the same name.
   * @defaultValue the indices of the classes: '0', '1' and so on
   */
  readonly classNames?: readonly string[] | undefined;
  /** Values of k for which to compute the top-k accuracy. @defaultValue 1, and 5 if there are more than five classes */
  readonly topK?: readonly number[] | undefined;
  /** Number of reliability bins of equal width. @defaultValue 15 */
  readonly bins?: number | undefined;
  /** Whether the outputs are logits instead of probabilities. @defaultValue false */
  readonly fromLogits?: boolean | undefined;
}

/** Options for evaluations of any number of classes per sample. */
export interface MultiLabelEvaluationOptions extends Omit<EvaluationOptions, 'multiLabel' | 'topK' | 'bins'> {
  readonly multiLabel: true;
  /** Minimum probability at which a class is predicted: one for all classes, or one per class. @defaultValue 0.5 */
  readonly threshold?: number | readonly number[] | undefined;
}

/** Options of {@link evaluatePredictions} for one class per sample. */
export interface EvaluatePredictionsOptions extends EvaluationOptions {
  /** File name or other source of each sample, in the order of the data. @defaultValue unknown */
  readonly files?: readonly string[] | undefined;
}

/** Options of {@link evaluatePredictions} for any number of classes per sample. */
export interface EvaluatePredictionsMultiLabelOptions extends MultiLabelEvaluationOptions, Pick<EvaluatePredictionsOptions, 'files'> {}

const names = arrayOf(text);
/** Limits the memory that bins take. */
const binCount = rule<number>('an integer in [1, 10000]', (value) => positiveInteger.accepts(value) && value <= 10_000);
const evaluationRules = { multiLabel: boolean, classNames: names, topK: arrayOf(positiveInteger), bins: binCount };
const multiLabelRules = { multiLabel: boolean, classNames: names, threshold: either(probability, arrayOf(probability)) };
/**
 * Returns the validation rules for the requested mode. `topK` and `bins` require one class per sample, `threshold` requires `multiLabel`.
 */
export function rulesFor(options: { readonly multiLabel?: boolean | undefined } | null): typeof evaluationRules | typeof multiLabelRules {
  return options?.multiLabel === true ? multiLabelRules : evaluationRules;
}

/** Checked options of both modes. */
export type EitherOptions = Omit<EvaluationOptions, 'multiLabel'> &
  Omit<MultiLabelEvaluationOptions, 'multiLabel'> & { readonly multiLabel?: boolean | undefined };

const isTypedArray = (value: unknown): boolean => ArrayBuffer.isView(value) && !(value instanceof DataView);
const isNumbers = (value: unknown): boolean =>
  isTypedArray(value) || (Array.isArray(value) && value.every((each) => typeof each === 'number'));
const rows = rule<Rows>(
  'an array of numbers or of rows of numbers',
  (value) => isNumbers(value) || (Array.isArray(value) && value.every(isNumbers)),
);
const rowsOrNames = rule<Rows | readonly string[]>(
  'an array of class indices, of class names or of rows of numbers',
  (value) => rows.accepts(value) || (Array.isArray(value) && value.every((each) => typeof each === 'string')),
);

/**
 * Evaluates predictions of one class per sample or, with `multiLabel: true`, of any number of classes per sample.
 *
 * @param probabilities - `[samples, classes]`, where each row sums to 1. `[samples]` or `[samples, 1]` are the probabilities of the
 *   second of two classes. With `multiLabel`, rows need not sum to 1, and each probability is in [0, 1]. Stored as float32.
 * @param labels - True classes: indices, or names from `classNames`. With `multiLabel`, `[samples, classes]` of 0 and 1.
 * @throws {OptionError} when an option or class name is unknown.
 * @throws {DataError} when there are no samples, the lengths differ, a label is not a class, a probability is NaN or out of range, or a
 *   row does not sum to 1.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], ['cat', 'dog', 'dog'], { classNames: ['cat', 'dog'] });
 * evaluation.accuracy; // 0.667
 * evaluation.confusionMatrix[1]; // Uint32Array [1, 1]: of two dogs, one was predicted as a cat
 * @example
 * const findings = evaluatePredictions([[0.9, 0.8], [0.2, 0.6]], [[1, 0], [0, 1]], { multiLabel: true, classNames: ['hernia', 'mass'] });
 * findings.micro.recall; // 1
 */
export function evaluatePredictions(
  probabilities: Rows,
  labels: ArrayLike<number> | readonly string[],
  options?: EvaluatePredictionsOptions,
): Evaluation;
export function evaluatePredictions(
  probabilities: readonly ArrayLike<number>[],
  labels: readonly ArrayLike<number>[],
  options: EvaluatePredictionsMultiLabelOptions,
): MultiLabelEvaluation;
export function evaluatePredictions(
  probabilities: Rows,
  labels: Rows | readonly string[],
  options: EvaluatePredictionsOptions | EvaluatePredictionsMultiLabelOptions = {},
): Evaluation | MultiLabelEvaluation {
  const where = 'evaluatePredictions';
  const {
    multiLabel = false,
    files,
    fromLogits = false,
    ...rest
  } = checkOptions<EitherOptions & Pick<EvaluatePredictionsOptions, 'files'>>(where, options, {
    ...rulesFor(options),
    fromLogits: boolean,
    files: names,
  } as never);
  check(where, 'probabilities', probabilities, rows);
  check(where, 'labels', labels, multiLabel ? rows : rowsOrNames);
  if (labels.length === 0) throw new DataError(`${where}: expected at least one prediction, received none.`);
  const { values, columns } = flatten(where, probabilities, labels.length, rest.classNames?.length);
  const collector = collectPredictions({ where, multiLabel, fromLogits });
  const truth = multiLabel
    ? flatten(where, labels as Rows, labels.length, columns).values
    : labelIndices(where, labels as ArrayLike<number> | readonly string[], rest.classNames);
  collector.add(values, columns, truth, files);
  return multiLabel ? finishMultiLabel(where, collector.finish(), rest) : finishSingle(where, collector.finish(), rest);
}

/** Evaluates collected predictions of one class per sample. */
export function finishSingle(where: string, { classes, ...predictions }: CollectedPredictions, options: EitherOptions): Evaluation {
  const { classNames = indexNames(classes), bins = 15 } = options;
  checkNames(where, classNames, classes);
  const topK = options.topK ?? [1, 5].filter((k) => k < classes || k === 1);
  for (const k of topK) if (k > classes) throw invalid(where, 'topK', `numbers up to the ${classes} classes`, topK);
  return summarize(predictions, classNames, topK, bins);
}

/** Evaluates collected predictions of any number of classes per sample. */
export function finishMultiLabel(where: string, collected: CollectedPredictions, options: EitherOptions): MultiLabelEvaluation {
  const { classes, labels, probabilities, files } = collected;
  const { classNames = indexNames(classes), threshold = 0.5 } = options;
  checkNames(where, classNames, classes);
  const thresholds = typeof threshold === 'number' ? classNames.map(() => threshold) : threshold;
  if (thresholds.length !== classes)
    throw invalid(where, 'threshold', `one number or an array of ${classes}, one for each class,`, threshold);
  return summarizeLabelSets({ labels: Uint8Array.from(labels), probabilities, files }, classNames, thresholds);
}

function checkNames(where: string, classNames: readonly string[], classes: number): void {
  if (classNames.length !== classes) {
    throw new OptionError(`${where}: expected ${classes} names for \`classNames\`, one for each output, received ${classNames.length}.`);
  }
}

function indexNames(classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => String(i));
}

function labelIndices(
  where: string,
  labels: ArrayLike<number> | readonly string[],
  classNames: readonly string[] | undefined,
): ArrayLike<number> {
  if (typeof labels[0] !== 'string') return labels as ArrayLike<number>;
  if (classNames === undefined) throw new OptionError(`${where}: expected \`classNames\` for labels that are class names, received none.`);
  check(where, 'classNames', classNames, differentTexts, 'Pass class indices as labels if several classes have the same name.');
  const index = new Map(classNames.map((name, i) => [name, i]));
  return Array.from(labels as readonly string[], (name, i) => {
    const found = index.get(name);
    if (found !== undefined) return found;
    throw new DataError(
      `${where}: expected one of ${list(classNames.slice(0, 12))}${classNames.length > 12 ? ', ...' : ''} for label ${i}, ` +
        `received '${name}'. ${didYouMean(name, classNames)}`.trimEnd(),
    );
  });
}

function flatten(where: string, rows: Rows, samples: number, classes: number | undefined): { values: ArrayLike<number>; columns: number } {
  if (typeof rows[0] === 'object') {
    const table = rows as readonly ArrayLike<number>[];
    const columns = (table[0] as ArrayLike<number>).length;
    const uneven = table.findIndex((row) => row.length !== columns);
    if (uneven >= 0)
      throw new DataError(`${where}: expected ${columns} values in each row, received ${table[uneven]?.length} in row ${uneven}.`);
    checkCount(where, table.length, samples);
    const values = new Float32Array(samples * columns);
    table.forEach((row, i) => {
      values.set(row, i * columns);
    });
    return { values, columns };
  }
  const values = rows as ArrayLike<number>;
  const columns = classes === 2 && values.length === samples ? 1 : (classes ?? Math.max(1, Math.round(values.length / samples)));
  checkCount(where, values.length / columns, samples);
  return { values, columns };
}

function checkCount(where: string, predictions: number, labels: number): void {
  if (predictions !== labels) {
    throw new DataError(`${where}: expected as many predictions as labels, received ${predictions} predictions and ${labels} labels.`);
  }
}
