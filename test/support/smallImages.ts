// Batches of small images that a network can learn from.

import * as tf from '@tensorflow/tfjs-core';
import { Dataset } from '../../src/data/index.js';
import { uniform } from './fill.js';

/** Side of the images, in pixels. */
export const SMALL = 32;

/** Makes batches of at most 4 images of three classes, in another order each epoch. `change` may change the pixels. */
export function smallImages(
  name: string,
  count: number,
  change: (pixels: Float32Array) => void = () => undefined,
): Dataset<{ rows: readonly number[]; xs: tf.Tensor4D; ys: tf.Tensor1D }> {
  const length = SMALL * SMALL * 3;
  const values = Float32Array.from(uniform(name, count * length), (value, i) => value * 100 + (Math.floor(i / length) % 3) * 60);
  change(values);
  return Dataset.from(Array.from({ length: count }, (_, i) => i))
    .shuffle(count, { seed: 3 })
    .batch(4)
    .map((rows) => ({
      rows,
      xs: tf.tensor4d(Float32Array.from(rows.flatMap((i) => [...values.subarray(i * length, (i + 1) * length)])), [
        rows.length,
        SMALL,
        SMALL,
        3,
      ]),
      ys: tf.tensor1d(
        rows.map((i) => i % 3),
        'int32',
      ),
    }));
}
