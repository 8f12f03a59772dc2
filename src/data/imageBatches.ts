// Turns labeled images into batches of tensors.

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
import { lazyBatches } from './lazyItems.js';

/** A batch for training or evaluation. The consumer must dispose both tensors. */
export interface ImageBatch {
  /** float32 RGB in [0, 255], `[batch, height, width, channels]`. */
  readonly xs: tf.Tensor4D;
  /** Class indices, int32 `[batch]`, or target vectors, float32 `[batch, targets]`. */
  readonly ys: tf.Tensor;
}

/** Options of {@link imageBatches}. */
export interface ImageBatchesOptions {
  /** Number of images per batch. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** Whether to drop the last batch if it is smaller than the others. @defaultValue false */
  readonly dropRemainder?: boolean | undefined;
}

/**
 * Groups labeled images of one size into batches `{ xs, ys }` of tensors for `model.fitDataset`. The consumer must dispose each batch.
 *
 * @throws {OptionError} when an argument or option has a wrong value. While iterating, when an item is not a labeled image.
 * @throws {ShapeError} while iterating, when images or label vectors of one batch differ in size, or an image does not have the size of the
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
  const addImage = (batch: OpenBatch | undefined, image: LabeledImage, expected: number): OpenBatch => {
    checkOwnItem('imageBatches', image);
    if (inputSize !== undefined) checkSize(image, inputSize);
    const opened = batch ?? openBatch('imageBatches', image, expected);
    add('imageBatches', opened, image);
    if (isReaderOnlyOwner) giveBack(image.pixels.data);
    return opened;
  };
  const join = (all: readonly LabeledImage[]): ImageBatch => {
    let batch: OpenBatch | undefined;
    for (const image of all) batch = addImage(batch, image, all.length);
    return close(batch as OpenBatch);
  };
  const lazy = lazyBatches(images, { size: batchSize, dropRemainder, join, hasRows: true });
  const batches = images.transform(async function* (items) {
    let batch: OpenBatch | undefined;
    let expected = Math.min(batchSize, images.size || ROOM);
    for await (const image of items) {
      batch = addImage(batch, image, expected);
      if (batch.labels.length < batchSize) continue;
      yield close(batch);
      batch = undefined;
      expected = batchSize;
    }
    if (batch !== undefined && !dropRemainder) yield close(batch);
  }, size);
  return batches.withTraits({ lazy });
}

/** Throws when an image does not have the size that the dataset declares, for example because of a `map`. */
function checkSize(image: LabeledImage, [height, width]: readonly [height: number, width: number]): void {
  const { pixels, origin } = image;
  if (pixels.height === height && pixels.width === width) return;
  const received = `[${pixels.height}, ${pixels.width}]${named(origin)}`;
  throw new ShapeError(
    `imageBatches: expected images of [${height}, ${width}], the inputSize of the dataset's preprocessing, ` +
      `received ${received}. After a \`map\` that changes the size, declare the new one with \`withPreprocessing\`.`,
  );
}

/**
 * Creates one batch from images of one size. The caller disposes it.
 *
 * @throws {OptionError} when an item is not a labeled image.
 * @throws {ShapeError} when there are no images, or they differ in size or in the length of their label vectors.
 * @throws {DataError} when a pixel is not finite, or a label is neither a class index nor a vector of numbers in [0, 1].
 */
export function collate(images: readonly LabeledImage[]): ImageBatch {
  check('collate', 'images', images, rule('an array of { pixels, label }', Array.isArray));
  return collateFor('collate', images);
}

/** Creates one batch for another function. Errors name that function. */
export function collateFor(where: string, images: readonly LabeledImage[]): ImageBatch {
  const [first] = images;
  if (first === undefined) throw new ShapeError(`${where}: expected at least one image, received none.`);
  const batch = openBatch(where, first, images.length);
  for (const image of images) add(where, batch, image);
  return close(batch);
}

/** Number of images to allocate memory for at first, when the number of images is unknown. */
const ROOM = 32;

/** A batch that is being filled. Each image is copied when it arrives, while it is still in the processor's cache. */
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

/** Like `checkItem`, but disposes the tensors of an item that it refuses. */
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
  throw new DataError(`${where}: expected ${problem[0]}${origin === undefined ? '' : ` for '${origin}'`}, received ${problem[1]}.`, {
    origin,
  });
}

function problemOfLabel(label: unknown): readonly [expected: string, received: string] | undefined {
  if (Array.isArray(label) || (ArrayBuffer.isView(label) && !(label instanceof DataView))) {
    // Rounding can push float32 sums of mixed labels slightly out of [0, 1].
    const bad = Array.from(label as ArrayLike<unknown>).find(
      (value) => !(typeof value === 'number' && value >= -1e-5 && value <= 1 + 1e-5),
    );
    return bad === undefined ? undefined : ['a label vector of numbers in [0, 1]', show(bad)];
  }
  // An int32 tensor would drop the fraction, and losses accept any number.
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < 2 ** 31) return undefined;
  return [
    typeof label === 'number' ? 'a class index, an integer of at least 0,' : 'a class index or a Float32Array of targets as `label`',
    show(label),
  ];
}

/** Returns the length of a label vector, `undefined` for a class index. */
function targets(label: Label | undefined): number | undefined {
  return typeof label === 'object' ? label.length : undefined;
}

function kind(length: number | undefined): string {
  return length === undefined ? 'a class index' : `a vector of ${length}`;
}

function named(origin: string | undefined): string {
  return origin === undefined ? '' : ` from '${origin}'`;
}
