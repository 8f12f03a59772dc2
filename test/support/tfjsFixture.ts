// Keras models converted by `tensorflowjs`, with Keras' predictions for one image. Created by test/fixtures/tfjs/make.sh.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { inputPixels } from './fill.js';

export interface TfjsReference {
  readonly input: string;
  readonly shape: readonly [number, number, number, number];
  readonly answer: readonly number[];
  readonly keras: string;
  readonly tensorflowjs: string;
}

export const tfjsFolder = (name: string): string => join(import.meta.dirname, '../fixtures/tfjs', name);

export function tfjsReference(folder: string): TfjsReference {
  return JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as TfjsReference;
}

/** Returns the model's prediction for the same image, RGB in [0, 255]. */
export async function answerOf(model: LayersModel, { input, shape }: TfjsReference): Promise<Float32Array> {
  const x = tf.tensor4d(inputPixels({ seed: input, shape, scale: 255 }), [...shape]);
  const y = model.predict(x) as tf.Tensor;
  try {
    return (await y.data()) as Float32Array;
  } finally {
    tf.dispose([x, y]);
  }
}
