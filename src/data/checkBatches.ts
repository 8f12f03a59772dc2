// Checks of the data for training, evaluation and calibration.

import * as tf from '@tensorflow/tfjs-core';
import { OptionError, ShapeError } from '../core/index.js';
import { invalid, rule, showShape } from '../core/internal.js';
import { preprocessingFor } from '../image/internal.js';
import type { CompletePreprocessing, Preprocessing } from '../image/index.js';
import type { Dataset } from './Dataset.js';
import { describeItem, releaseItem, tensorsOf } from './items.js';

/** The shape of a model's input, with `null` for any length. `undefined` if it is unknown. */
export type InputShape = readonly (number | null)[] | undefined;

/** A batch of tensors for training or evaluation. */
interface Batch {
  readonly xs: tf.Tensor;
  readonly ys: tf.Tensor;
  readonly sampleWeights?: tf.Tensor | undefined;
}

const REMEDY =
  'Resize the images to the size of the model, for example with `preprocessing: model` where they are read, or build the model for their size.';

const CHANNELS_REMEDY = 'Convert the images to the channels of the model: 3 for RGB, 1 for gray.';

export const readable = rule<AsyncIterable<unknown> | Iterable<unknown>>(
  'a Dataset, or anything else that can be iterated',
  (value) => typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value),
);

/** The remedy for an object that contains the images, such as the result of `imageFolder`. '' for other values. */
export function imagesRemedy(value: unknown): string {
  return readable.accepts((value as { readonly images?: unknown } | null | undefined)?.images) ? 'Pass its `images`.' : '';
}

/** Throws an OptionError for data that is known to never end. Nothing is read. */
export function checkEnds(where: string, option: string, data: object, remedy = 'Take a part of it: `dataset.take(n)`.'): void {
  if ((data as { readonly size?: unknown }).size === Infinity) throw invalid(where, option, 'a dataset that ends', data, remedy);
}

/** Returns the preprocessing of a dataset, `undefined` if it is unknown. */
export function preprocessingOfData(where: string, data: object | undefined): CompletePreprocessing | undefined {
  // Other data, such as an array, has no preprocessing, which is not an error.
  return data === undefined || !('preprocessing' in data)
    ? undefined
    : preprocessingFor(where, { preprocessing: data.preprocessing as Preprocessing | undefined });
}

/** Throws a ShapeError when the images of a dataset are known to have another size than the model expects. Nothing is read. */
export function checkImageSize(where: string, option: string, data: object | undefined, inputShape: InputShape): void {
  const size = preprocessingOfData(where, data)?.inputSize;
  if (size === undefined || inputShape?.length !== 4) return;
  const [, height, width] = inputShape;
  if ((height ?? size[0]) === size[0] && (width ?? size[1]) === size[1]) return;
  throw new ShapeError(
    `${where}: expected images of ${height ?? 'any'} x ${width ?? 'any'} pixels for \`${option}\`, the input size of the model, ` +
      `received ${size[0]} x ${size[1]}. ${REMEDY}`,
  );
}

/** Throws a ShapeError when images do not have the shape that a model expects. */
export function checkInputShape(where: string, option: string, shape: readonly number[], inputShape: InputShape, place = ''): void {
  if (inputShape === undefined) return;
  const fits = shape.length === inputShape.length && inputShape.every((length, axis) => length === null || length === shape[axis]);
  if (fits) return;
  const isImages = inputShape.length === 4;
  const remedy = isImages && shape.length === 4 && ![null, shape[3]].includes(inputShape[3] ?? null) ? CHANNELS_REMEDY : REMEDY;
  throw new ShapeError(
    `${where}: expected ${isImages ? 'images' : 'inputs'} ${showShape(inputShape)} for \`${option}\`, ` +
      `received ${showShape(shape)}${place}.${isImages ? ` ${remedy}` : ''}`,
  );
}

/**
 * Throws unless an item is a batch that a model accepts. An item that is refused is disposed.
 *
 * @param place - Position of the item for the error message, such as ` at step 3 of epoch 0`.
 * @param parts - Names of the expected tensors. A batch with others is refused, because they would be ignored.
 * @throws {OptionError} when the item does not consist of these tensors, or one is disposed or does not contain numbers.
 * @throws {ShapeError} when its images have another shape than the model expects, or the numbers of images and labels differ.
 */
export function checkBatch(
  where: string,
  option: string,
  item: unknown,
  inputShape: InputShape,
  place = '',
  parts: readonly string[] = ['xs', 'ys'],
): asserts item is Batch {
  try {
    const { xs, ys, sampleWeights, pixels } = (item ?? {}) as Readonly<Record<string, unknown>>;
    const others = [...tensorsOf(item).keys()].filter((key) => !parts.includes(key));
    if (!isNumbers(xs) || !isNumbers(ys) || !(sampleWeights === undefined || isNumbers(sampleWeights)) || others.length > 0) {
      const remedy = pixels === undefined ? '' : ' Group the images into batches with `imageBatches(images)`.';
      throw new OptionError(
        `${where}: expected batches { ${parts.join(', ')} } of tensors of numbers for \`${option}\`, ` +
          `received ${describeItem(item)}${place}.${remedy}`,
      );
    }
    if ([xs, ys, sampleWeights].some((tensor) => tensor?.isDisposed)) {
      throw new OptionError(
        `${where}: expected batches that are not disposed for \`${option}\`, received one that is${place}. ` +
          'Each batch can be used only once: pass `imageBatches(...)` itself.',
      );
    }
    checkInputShape(where, option, xs.shape, inputShape, place);
    if (ys.shape[0] !== xs.shape[0]) {
      throw new ShapeError(
        `${where}: expected one label per image for \`${option}\`, received images ${showShape(xs.shape)} and labels ` +
          `${showShape(ys.shape)}${place}.`,
      );
    }
  } catch (error) {
    releaseItem(item);
    throw error;
  }
}

/** Reads the first batch of a dataset, checks it with {@link checkBatch} and `also`, and disposes it. */
export async function checkFirstBatch(
  where: string,
  option: string,
  data: Dataset<unknown>,
  inputShape: InputShape,
  parts?: readonly string[],
  also?: (batch: Batch) => void,
): Promise<void> {
  for await (const item of data.open({ epoch: 0, signal: undefined })) {
    checkBatch(where, option, item, inputShape, '', parts);
    try {
      also?.(item);
    } finally {
      releaseItem(item);
    }
    return;
  }
}

function isNumbers(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor && value.dtype !== 'string';
}
