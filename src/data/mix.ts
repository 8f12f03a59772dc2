// MixUp and CutMix: mix the images of a batch with each other, and their labels in the same proportion.

import * as tf from '@tensorflow/tfjs-core';
import {
  checkOptions,
  createRandom,
  deriveSeed,
  positive,
  probability as probabilityRule,
  seed as seedRule,
  shuffled,
} from '../core/internal.js';
import { ShapeError, type Random } from '../core/index.js';
import { checkBatch } from './checkBatches.js';
import type { ImageBatch } from './imageBatches.js';
import type { ItemFunction } from './operators.js';

/** Options of {@link mixUp} and {@link cutMix}. */
export interface MixOptions {
  /** Both parameters of the Beta distribution that the mixing ratio is drawn from. @defaultValue 0.2 for mixUp, 1 for cutMix */
  readonly alpha?: number | undefined;
  /** Probability that a batch is mixed, in [0, 1]. @defaultValue 1 */
  readonly probability?: number | undefined;
  /** @defaultValue 0 */
  readonly seed?: number | undefined;
}

/**
 * Returns a function for `Dataset.map` that blends each image with another one of its batch. It disposes the batch that it is given.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value. While iterating, when an item is not a batch.
 * @throws {ShapeError} while iterating, when labels are not vectors.
 * @example
 * const batches = imageBatches(images).map(mixUp({ alpha: 0.2, seed: 1 }));
 * @see mixup, arXiv 1710.09412
 */
export function mixUp(options: MixOptions = {}): ItemFunction<ImageBatch, ImageBatch> {
  return mixing('mixUp', 0.2, options, blendBatch);
}

/**
 * Returns a function for `Dataset.map` that pastes a rectangle of another image of the batch into each image. It disposes the batch that it
 * is given.
 *
 * Labels are mixed in proportion to the area that the rectangle covers.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value. While iterating, when an item is not a batch.
 * @throws {ShapeError} while iterating, when labels are not vectors.
 * @see CutMix, arXiv 1905.04899
 */
export function cutMix(options: MixOptions = {}): ItemFunction<ImageBatch, ImageBatch> {
  return mixing('cutMix', 1, options, (batch, partner, share, random) => {
    const [, height, width] = batch.xs.shape;
    return pasteBatch(batch, partner, cutMixBox(height, width, share, random));
  });
}

/** Blends each image and label with those of its partner. `share` is the weight of its own. */
export function blendBatch({ xs, ys }: ImageBatch, partner: tf.Tensor1D, share: number): Mixed {
  return { xs: blend(xs, tf.gather(xs, partner), share), ys: blend(ys, tf.gather(ys, partner), share) };
}

/** Pastes a rectangle of its partner into each image, and blends the labels in proportion to the areas. */
export function pasteBatch({ xs, ys }: ImageBatch, partner: tf.Tensor1D, { rows, columns }: MixBox): Mixed {
  const [, height, width] = xs.shape;
  const kept = 1 - ((rows[1] - rows[0]) * (columns[1] - columns[0])) / (height * width);
  const mask = tf.buffer([1, height, width, 1], 'float32');
  for (let y = rows[0]; y < rows[1]; y++) for (let x = columns[0]; x < columns[1]; x++) mask.set(1, 0, y, x, 0);
  const inside = mask.toTensor();
  return {
    xs: tf.add(xs, tf.mul(inside, tf.sub(tf.gather(xs, partner), xs))),
    ys: blend(ys, tf.gather(ys, partner), kept),
  };
}

interface MixBox {
  readonly rows: readonly [from: number, to: number];
  readonly columns: readonly [from: number, to: number];
}

type Mixed = Record<'xs' | 'ys', tf.Tensor>;

/** Returns the rectangle to paste. It has `1 - share` of the area and a random center, and is clipped at the edges. */
export function cutMixBox(height: number, width: number, share: number, random: Random): MixBox {
  const side = Math.sqrt(1 - share);
  const span = (length: number): [number, number] => {
    const center = random.integer(length);
    const cut = Math.floor(length * side);
    const start = center - Math.floor(cut / 2);
    return [Math.max(0, start), Math.min(length, start + cut)];
  };
  return { rows: span(height), columns: span(width) };
}

type Mix = (batch: ImageBatch, partner: tf.Tensor1D, share: number, random: Random) => Mixed;

function mixing(where: string, defaultAlpha: number, options: MixOptions, mix: Mix): ItemFunction<ImageBatch, ImageBatch> {
  const rules = { alpha: positive, probability: probabilityRule, seed: seedRule };
  const { alpha = defaultAlpha, probability = 1, seed = 0 } = checkOptions(where, options, rules);
  return (batch, { epoch, index }) => {
    checkBatch(where, 'batch', batch, undefined);
    const { dtype, rank } = batch.ys;
    if (rank !== 2) {
      tf.dispose([batch.xs, batch.ys]);
      throw new ShapeError(`${where}: expected labels [batch, classes], received ${dtype} of rank ${rank}. Use labelMode 'categorical'.`);
    }
    const random = createRandom(deriveSeed(seed, where, epoch, index));
    if (random.next() >= probability) return batch;
    const mixed = tf.tidy(() => {
      const order = shuffled(
        Array.from({ length: batch.xs.shape[0] }, (_, i) => i),
        random,
      );
      return mix(batch, tf.tensor1d(order, 'int32'), beta(alpha, random), random);
    });
    tf.dispose([batch.xs, batch.ys]);
    return { xs: mixed.xs as tf.Tensor4D, ys: mixed.ys };
  };
}

function blend(own: tf.Tensor, other: tf.Tensor, share: number): tf.Tensor {
  return tf.add(tf.mul(own, share), tf.mul(other, 1 - share));
}

/** Draws from the distribution Beta(alpha, alpha): by Jöhnk's method up to 1, where it is efficient, and by ratios of gamma draws above. */
function beta(alpha: number, random: Random): number {
  if (alpha <= 1) {
    for (;;) {
      const x = random.next() ** (1 / alpha);
      const y = random.next() ** (1 / alpha);
      if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
  }
  const x = gamma(alpha, random);
  return x / (x + gamma(alpha, random));
}

/** Draws from a gamma distribution by the method of Marsaglia and Tsang, for shapes of at least 1. */
function gamma(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
