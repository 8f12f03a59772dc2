// Refuses images in [0, 1] for models that take [0, 255]. Such a model would see nearly black images and give wrong answers.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DataError } from '../../core/index.js';
import type { Pixels } from '../../image/index.js';
import type { Predictor } from './predictor.js';

/** Minimum number of different fractions. Images with fewer may be almost uniform, such as a black image with a little noise. */
const FRACTIONS = 17;

const REMEDY = 'Multiply them by 255: the model normalizes its input itself.';

/**
 * Throws if an image seems to have values in [0, 1] instead of [0, 255]. Integer pixels are never refused, so a dark image can be passed as
 * a Uint8Array.
 *
 * @throws {DataError} when all values of a Float32Array are in [0, 1], there are many different fractions, and the model takes [0, 255].
 */
export function checkPixelRange(where: string, model: LayersModel | Predictor, { data }: Pixels): void {
  if (!(data instanceof Float32Array) || !isUnitRange(data) || !takesBytes(model)) return;
  throw new DataError(`${where}: expected pixels in [0, 255] for \`image\`, received only values in [0, 1]. ${REMEDY}`);
}

/**
 * Same as {@link checkPixelRange}, for a batch of images. Reads the batch only if its maximum is at most 1.
 *
 * @throws {DataError} under the same conditions.
 */
export async function checkBatchRange(where: string, model: LayersModel | Predictor, xs: tf.Tensor): Promise<void> {
  if (xs.dtype !== 'float32' || xs.size === 0 || !takesBytes(model)) return;
  const highest = tf.max(xs);
  try {
    const [value = NaN] = await highest.data();
    // Written so that NaN fails the comparison. Another check reports it.
    if (!(value > 0 && value <= 1) || !isUnitRange((await xs.data()) as Float32Array)) return;
  } finally {
    highest.dispose();
  }
  throw new DataError(
    `${where}: expected images with pixels in [0, 255] for \`data\`, received a batch with only values in [0, 1]. ${REMEDY} ` +
      "If they are right, pass `otherPreprocessing: 'accept'`.",
  );
}

/** Whether all values are in [0, 1] and there are many different fractions. Usually returns after a few values. */
function isUnitRange(values: Float32Array): boolean {
  const fractions = new Set<number>();
  for (const value of values) {
    if (!(value >= 0 && value <= 1)) return false;
    if (fractions.size < FRACTIONS && !Number.isInteger(value)) fractions.add(value);
  }
  return fractions.size >= FRACTIONS;
}

/**
 * Whether a model is known to take pixels in [0, 255]: a layers model if its first layer scales them down, other predictors if they have
 * a preprocessing.
 */
function takesBytes(model: LayersModel | Predictor): boolean {
  if (!('layers' in model)) return model.preprocessing !== undefined;
  const first = model.layers.find((layer) => layer.getClassName() !== 'InputLayer');
  if (first?.getClassName() !== 'Rescaling') return false;
  const { scale } = first.getConfig() as { readonly scale?: number | readonly number[] | undefined };
  return [scale ?? 1].flat().every((factor) => Math.abs(factor) < MAX_SCALE);
}

/** Pixels in [0, 255] are scaled by about 1/255, or 5/255 for a standard deviation of 0.2. Pixels in [0, 1] are scaled by 1 or more. */
const MAX_SCALE = 0.1;
