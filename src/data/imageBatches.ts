// Where tensors are born: labeled pictures become batches.

import * as tf from '@tensorflow/tfjs-core';
import { boolean, check, checkOptions, positiveInteger, rule, show } from '../core/internal.js';
import { DataError, OptionError, ShapeError } from '../core/index.js';
import { checkFinitePixels, checkPixels, floats, giveBack } from '../image/internal.js';
import type { Pixels } from '../image/index.js';
import { copiesValues } from '../backends/internal.js';
import { imagesRemedy } from './checkBatches.js';
import { Dataset } from './Dataset.js';
import { describeItem, releaseItem } from './items.js';
import type { Label, LabeledImage } from './labeledImage.js';

/** What models train on; whoever iterates disposes both tensors. */
export interface ImageBatch {
  /** float32 RGB in [0, 255], `[batch, height, width, channels]`. */
  readonly xs: tf.Tensor4D;
  /** int32 `[batch]` of class indices, or float32 `[batch, targets]` of vectors. */
  readonly ys: tf.Tensor;
}

/** How pictures are batched. */
export interface ImageBatchesOptions {
  /** Pictures in a batch. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** Leaves out a last batch that is not full. @defaultValue false */
  readonly dropRemainder?: boolean | undefined;
}

/**
 * Groups labeled pictures of one size into tensors `{ xs, ys }`, ready for `model.fitDataset`; whoever iterates disposes them.
 *
 * @throws {ShapeError} while iterating, when images or label vectors of one batch differ in size, or an image has not the size of the
 *   dataset's `preprocessing`.
 * @throws {DataError} while iterating, when a pixel is not finite, or a label is neither a class index nor a vector of numbers in [0, 1].
 * @example
 * const batches = imageBatches(images, { batchSize: 16 }).prefetch(2);
 * await model.fitDataset(batches, { epochs: 5 });
 */
export function imageBatches(images: Dataset<LabeledImage>, options: ImageBatchesOptions = {}): Dataset<ImageBatch> {
  check(
    'imageBatches',
    'images',
    images,
    rule('a Dataset of { pixels, label }', (value) => value instanceof Dataset),
    imagesRemedy(images),
  );
  const { batchSize = 32, dropRemainder = false } = checkOptions('imageBatches', options, {
    batchSize: positiveInteger,
    dropRemainder: boolean,
  });
  const { size } = images.batch(batchSize, { dropRemainder });
  const inputSize = images.preprocessing?.inputSize;
  const { isReaderOnlyOwner } = images.traits;
  return images.transform(async function* (items) {
    let batch: OpenBatch | undefined;
    let expected = Math.min(batchSize, images.size || ROOM);
    for await (const image of items) {
      checkOwnItem('imageBatches', image);
      if (inputSize !== undefined) checkSize(image, inputSize);
      batch ??= openBatch('imageBatches', image, expected);
      add('imageBatches', batch, image);
      if (isReaderOnlyOwner) giveBack(image.pixels.data);
      if (batch.labels.length < batchSize) continue;
      yield close(batch);
      batch = undefined;
      expected = batchSize;
    }
    if (batch !== undefined && !dropRemainder) yield close(batch);
  }, size);
}

/** A `map` may have changed the size without the dataset knowing. */
function checkSize(image: LabeledImage, [height, width]: readonly [height: number, width: number]): void {
  const { pixels, origin } = image;
  if (pixels.height === height && pixels.width === width) return;
  const received = `[${pixels.height}, ${pixels.width}]${named(origin)}`;
  throw new ShapeError(
    `imageBatches: expected images of [${height}, ${width}], the inputSize of the dataset's preprocessing, ` +
      `received ${received}. After a \`map\` that changes the size, say how images are made with \`withPreprocessing\`.`,
  );
}

/**
 * Makes one batch of pictures of one size; the caller disposes it.
 *
 * @throws {OptionError} when an item is not a labeled image.
 * @throws {ShapeError} when there is no image, or they differ in size or in the length of their label vectors.
 * @throws {DataError} when a pixel is not finite, or a label is neither a class index nor a vector of numbers in [0, 1].
 */
export function collate(images: readonly LabeledImage[]): ImageBatch {
  check('collate', 'images', images, rule('an array of { pixels, label }', Array.isArray));
  return collateFor('collate', images);
}

/** Makes one batch for another function, under whose name it reports errors. */
export function collateFor(where: string, images: readonly LabeledImage[]): ImageBatch {
  const [first] = images;
  if (first === undefined) throw new ShapeError(`${where}: expected at least one image, received none.`);
  const batch = openBatch(where, first, images.length);
  for (const image of images) add(where, batch, image);
  return close(batch);
}

/** Pictures a batch has room for at first, while nobody knows how many there will be. */
const ROOM = 32;

/** A batch that fills: each picture is copied when it comes, while it is still in the processor's cache. */
interface OpenBatch {
  readonly sides: Pick<Pixels, 'height' | 'width' | 'channels'>;
  values: Float32Array;
  readonly labels: Label[];
}

function openBatch(where: string, image: LabeledImage, expected: number): OpenBatch {
  checkItem(where, image);
  const { pixels } = image;
  const { height, width, channels } = pixels;
  return { sides: { height, width, channels }, values: floats(expected * pixels.data.length), labels: [] };
}

function add(where: string, batch: OpenBatch, image: LabeledImage): void {
  checkItem(where, image);
  const { pixels, label, origin } = image;
  const { sides, labels } = batch;
  if (pixels.height !== sides.height || pixels.width !== sides.width || pixels.channels !== sides.channels) {
    const [expected, received] = [sides, pixels].map((p) => `[${p.height}, ${p.width}, ${p.channels}]`);
    throw new ShapeError(`${where}: expected images of one size, received ${expected} and ${received}${named(origin)}. Resize them first.`);
  }
  checkLabel(where, label, origin);
  const length = targets(labels[0] ?? label);
  if (targets(label) !== length) {
    throw new ShapeError(`${where}: expected labels of one kind, received ${kind(length)} and ${kind(targets(label))}${named(origin)}.`);
  }
  checkFinitePixels(where, pixels, origin);
  const at = labels.length * pixels.data.length;
  if (at === batch.values.length) {
    const { values } = batch;
    batch.values = new Float32Array(2 * at);
    batch.values.set(values);
  }
  batch.values.set(pixels.data, at);
  labels.push(label);
}

function close({ sides: { height, width, channels }, values, labels }: OpenBatch): ImageBatch {
  const shape: [number, number, number, number] = [labels.length, height, width, channels];
  const filled = labels.length * height * width * channels;
  const copied = copiesValues();
  const xs = tf.tensor4d(
    copied ? values.subarray(0, filled) : filled === values.length ? values : values.slice(0, filled),
    shape,
    'float32',
  );
  if (copied) giveBack(values);
  return { xs, ys: labelTensor(labels) };
}

function labelTensor(labels: readonly Label[]): tf.Tensor {
  const length = targets(labels[0]);
  if (length === undefined) return tf.tensor1d(labels as number[], 'int32');
  const values = new Float32Array(labels.length * length);
  labels.forEach((label, i) => {
    values.set(label as Float32Array, i * length);
  });
  return tf.tensor2d(values, [labels.length, length], 'float32');
}

/** Throws unless an item has the pixels of an image. */
function checkItem(where: string, item: unknown): void {
  if (typeof item !== 'object' || item === null || !('pixels' in item)) {
    throw new OptionError(`${where}: expected labeled images { pixels, label }, received ${describeItem(item)}.`);
  }
  checkPixels(where, item.pixels);
}

/** The same for an item that a pipeline drops when it is refused: its tensors are freed. */
export function checkOwnItem(where: string, item: unknown): void {
  try {
    checkItem(where, item);
  } catch (error) {
    releaseItem(item);
    throw error;
  }
}

function checkLabel(where: string, label: unknown, origin: string | undefined): void {
  const problem = problemOfLabel(label);
  if (problem === undefined) return;
  throw new DataError(
    `${where}: expected ${problem[0]}${origin === undefined ? '' : ` for '${origin}'`}, received ${problem[1]}.`,
    origin === undefined ? {} : { origin },
  );
}

function problemOfLabel(label: unknown): readonly [expected: string, received: string] | undefined {
  if (Array.isArray(label) || (ArrayBuffer.isView(label) && !(label instanceof DataView))) {
    // Float32 sums of mixed labels may miss 0 and 1 by a rounding.
    const bad = Array.from(label as ArrayLike<unknown>).find(
      (value) => !(typeof value === 'number' && value >= -1e-5 && value <= 1 + 1e-5),
    );
    return bad === undefined ? undefined : ['a label vector of numbers in [0, 1]', show(bad)];
  }
  // An int32 tensor would cut a fraction off, and a loss takes any number.
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < 2 ** 31) return undefined;
  return [
    typeof label === 'number' ? 'a class index, an integer of at least 0,' : 'a class index or a Float32Array of targets as `label`',
    show(label),
  ];
}

/** Length of a label vector; `undefined` for a class index. */
function targets(label: Label | undefined): number | undefined {
  return typeof label === 'object' ? label.length : undefined;
}

function kind(length: number | undefined): string {
  return length === undefined ? 'a class index' : `a vector of ${length}`;
}

function named(origin: string | undefined): string {
  return origin === undefined ? '' : ` from '${origin}'`;
}
