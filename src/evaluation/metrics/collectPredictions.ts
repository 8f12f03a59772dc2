// Checks predictions batch by batch and collects them in flat arrays.

import { DataError, ShapeError } from '../../core/index.js';
import { show } from '../../core/internal.js';

/** How to interpret the outputs of a model. */
export interface OutputMeaning {
  /** The function to name in errors. */
  readonly where: string;
  /** Whether a sample can have any number of classes. */
  readonly multiLabel: boolean;
  /** Whether outputs are logits. If so, softmax is applied, or the sigmoid for multi-label and single outputs. */
  readonly fromLogits: boolean;
}

/** Checked predictions in flat arrays. */
export interface CollectedPredictions {
  readonly classes: number;
  /** The class index of each sample or, for multi-label data, `[samples, classes]` of 0 and 1. */
  readonly labels: Int32Array;
  /** `[samples, classes]` */
  readonly probabilities: Float32Array;
  readonly files: readonly string[] | undefined;
}

/** Collects batches of outputs and labels until `finish` is called. */
export interface PredictionCollector {
  readonly count: number;
  /**
   * Adds a batch.
   *
   * @param outputs - `[samples, columns]`, row-major. A single column is the probability of the second of two classes.
   * @param labels - Class indices `[samples]`, or rows of 0 and 1 `[samples, classes]`.
   */
  add(outputs: ArrayLike<number>, columns: number, labels: ArrayLike<number>, files?: readonly string[]): void;
  finish(): CollectedPredictions;
}

/** Creates an empty collector. */
export function collectPredictions({ where, multiLabel, fromLogits }: OutputMeaning): PredictionCollector {
  const probabilityChunks: Float32Array[] = [];
  const labelChunks: Int32Array[] = [];
  const files: string[] = [];
  let classes = 0;
  let count = 0;

  const add: PredictionCollector['add'] = (outputs, columns, labels, batchFiles) => {
    const binary = columns === 1 && !multiLabel;
    const width = binary ? 2 : columns;
    if (classes !== 0 && width !== classes) {
      throw new ShapeError(`${where}: expected outputs for ${classes} classes as in the batches before, received ${width}.`);
    }
    classes = width;
    const samples = outputs.length / columns;
    if (batchFiles !== undefined && batchFiles.length !== samples) {
      throw new DataError(`${where}: expected ${samples} names for \`files\`, one for each prediction, received ${batchFiles.length}.`);
    }
    const nameOf = (row: number): { text: string; origin: string | undefined } => {
      const origin = batchFiles?.[row];
      return { text: `prediction ${count + row}${origin === undefined ? '' : ` (${show(origin)})`}`, origin };
    };
    const fail = (row: number, expected: string, received: unknown, remedy = ''): never => {
      const { text, origin } = nameOf(row);
      const message =
        `${where}: expected ${expected} for ${text}, received ` + `${typeof received === 'string' ? received : show(received)}.${remedy}`;
      throw new DataError(message, { origin });
    };
    const probabilities = binary ? fromSingleOutput(outputs, fromLogits) : new Float32Array(outputs);
    if (fromLogits && !binary) (multiLabel ? sigmoid : softmaxRows)(probabilities, width);
    checkProbabilities(probabilities, width, multiLabel, fail);
    const checked = multiLabel ? labelSets(labels, samples, width, fail) : classIndices(labels, samples, width, fail);
    probabilityChunks.push(probabilities);
    labelChunks.push(checked);
    for (const file of batchFiles ?? []) files.push(file);
    count += samples;
  };

  return {
    get count() {
      return count;
    },
    add,
    finish() {
      if (count === 0)
        throw new DataError(`${where}: expected at least one prediction, received none. The dataset is empty, or was already read.`);
      if (files.length !== 0 && files.length !== count) {
        throw new DataError(`${where}: expected file names for all ${count} predictions or for none, received ${files.length}.`);
      }
      const probabilities = joined(probabilityChunks, new Float32Array(probabilityChunks.length === 1 ? 0 : count * classes));
      const labels = joined(labelChunks, new Int32Array(labelChunks.length === 1 ? 0 : multiLabel ? count * classes : count));
      return { classes, labels, probabilities, files: files.length === 0 ? undefined : files };
    },
  };
}

type Fail = (row: number, expected: string, received: unknown, remedy?: string) => never;

const SUM_TOLERANCE = 1e-3;

function checkProbabilities(probabilities: Float32Array, columns: number, multiLabel: boolean, fail: Fail): void {
  const remedy = ' Set `fromLogits: true` if the model ends without an activation.';
  for (let start = 0; start < probabilities.length; start += columns) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const value = probabilities[start + column] as number;
      // Written so that NaN also fails the comparison.
      if (!(value >= -1e-6 && value <= 1 + SUM_TOLERANCE)) {
        fail(
          start / columns,
          'probabilities in [0, 1]',
          value,
          Number.isFinite(value) ? remedy : ' The weights of the model or its input contain values that are not finite.',
        );
      }
      sum += value;
    }
    if (!multiLabel && Math.abs(sum - 1) > SUM_TOLERANCE) {
      fail(start / columns, 'probabilities that sum to 1', `a sum of ${Number(sum.toPrecision(6))}`, remedy);
    }
  }
}

function classIndices(labels: ArrayLike<number>, samples: number, classes: number, fail: Fail): Int32Array {
  const oneHot = labels.length === samples * classes && labels.length !== samples;
  const indices = new Int32Array(samples);
  for (let row = 0; row < samples; row++) {
    if (!oneHot) {
      const label = labels[row] as number;
      if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
        fail(row, `a label of 0 to ${classes - 1}`, label);
      }
      indices[row] = label;
      continue;
    }
    let found = -1;
    for (let column = 0; column < classes; column++) {
      const value = labels[row * classes + column] as number;
      if (value === 0) continue;
      if (value !== 1 || found >= 0)
        fail(row, 'a one-hot label', `${value} at class ${column}`, ' Use labels without label smoothing or mixup for the evaluation.');
      found = column;
    }
    if (found < 0) fail(row, 'a one-hot label', 'only zeros');
    indices[row] = found;
  }
  return indices;
}

function labelSets(labels: ArrayLike<number>, samples: number, classes: number, fail: Fail): Int32Array {
  return Int32Array.from({ length: samples * classes }, (_, i) => {
    const value = labels[i] as number;
    if (value !== 0 && value !== 1) fail(Math.floor(i / classes), 'labels of 0 and 1', value);
    return value;
  });
}

function fromSingleOutput(outputs: ArrayLike<number>, fromLogits: boolean): Float32Array {
  const second = new Float32Array(outputs);
  if (fromLogits) sigmoid(second);
  return Float32Array.from({ length: 2 * second.length }, (_, i) =>
    i % 2 === 1 ? (second[i >> 1] as number) : 1 - (second[i >> 1] as number),
  );
}

function sigmoid(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-(values[i] as number)));
}

/** Converts rows of logits to probabilities, in place. */
export function softmaxRows(values: Float32Array, columns: number): void {
  for (let start = 0; start < values.length; start += columns) {
    let largest = -Infinity;
    for (let i = start; i < start + columns; i++) largest = Math.max(largest, values[i] as number);
    let sum = 0;
    for (let i = start; i < start + columns; i++) sum += Math.exp((values[i] as number) - largest);
    for (let i = start; i < start + columns; i++) values[i] = Math.exp((values[i] as number) - largest) / sum;
  }
}

/** Copies the chunks into the target one after another. Returns a single chunk without copying it. */
function joined<T extends Float32Array | Int32Array>(chunks: readonly T[], target: T): T {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  let offset = 0;
  for (const chunk of chunks) {
    target.set(chunk, offset);
    offset += chunk.length;
  }
  return target;
}
