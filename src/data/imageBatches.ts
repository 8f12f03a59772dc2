// Where tensors are born: labelled pictures become batches.

import * as tf from '@tensorflow/tfjs-core';
import { boolean, check, checkOptions, positiveInteger, rule, ShapeError } from '../core/index.js';
import { checkPixels, type Pixels } from '../image/index.js';
import { Dataset } from './Dataset.js';

/** A class index, or a vector of targets: one-hot, several-hot or soft. */
export type Label = number | Float32Array;

/** A picture with its label. */
export interface LabelledImage {
  readonly pixels: Pixels;
  readonly label: Label;
  /** The file or record it comes from; random steps draw their numbers by it. */
  readonly origin?: string;
}

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
  readonly batchSize?: number;
  /** Leaves out a last batch that is not full. @defaultValue false */
  readonly dropRemainder?: boolean;
}

/**
 * Groups labelled pictures of one size into tensors `{ xs, ys }`, ready for `model.fitDataset`; whoever iterates disposes them.
 *
 * @throws {ShapeError} while iterating, when pictures or label vectors of one batch differ in size.
 * @example
 * const batches = imageBatches(images, { batchSize: 16 }).prefetch(2);
 * await model.fitDataset(batches, { epochs: 5 });
 */
export function imageBatches(images: Dataset<LabelledImage>, options: ImageBatchesOptions = {}): Dataset<ImageBatch> {
  check('imageBatches', 'images', images, rule('a Dataset of { pixels, label }', (value) => value instanceof Dataset));
  const { batchSize = 32, dropRemainder = false } = checkOptions('imageBatches', options, { batchSize: positiveInteger, dropRemainder: boolean });
  return images.batch(batchSize, { dropRemainder }).map(collate);
}

/**
 * Makes one batch of pictures of one size; the caller disposes it.
 *
 * @throws {ShapeError} when they differ in size, or in the length of their label vectors.
 */
export function collate(images: readonly LabelledImage[]): ImageBatch {
  const [first] = images;
  if (first === undefined) throw new ShapeError('collate: expected at least one picture, received none.');
  for (const image of images) checkPixels('imageBatches', image.pixels);
  const { height, width, channels } = first.pixels;
  const values = new Float32Array(images.length * height * width * channels);
  images.forEach(({ pixels, origin }, i) => {
    if (pixels.height !== height || pixels.width !== width || pixels.channels !== channels) {
      const [expected, received] = [first.pixels, pixels].map((p) => `[${p.height}, ${p.width}, ${p.channels}]`);
      throw new ShapeError(`imageBatches: expected pictures of one size, received ${expected} and ${received}${named(origin)}. Resize them first.`);
    }
    values.set(pixels.data, i * height * width * channels);
  });
  const ys = collateLabels(images);
  return { xs: tf.tensor4d(values, [images.length, height, width, channels], 'float32'), ys };
}

function collateLabels(images: readonly LabelledImage[]): tf.Tensor {
  const length = targets(images[0]?.label);
  for (const { label, origin } of images) {
    if (targets(label) !== length) {
      throw new ShapeError(`imageBatches: expected labels of one kind, received ${kind(length)} and ${kind(targets(label))}${named(origin)}.`);
    }
  }
  if (length === undefined) return tf.tensor1d(images.map(({ label }) => label as number), 'int32');
  const values = new Float32Array(images.length * length);
  images.forEach(({ label }, i) => {
    values.set(label as Float32Array, i * length);
  });
  return tf.tensor2d(values, [images.length, length], 'float32');
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
