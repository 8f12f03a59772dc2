// Predicts a batch of images from a typed array. Predictors with `run` need no backend of TensorFlow.js for this.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { notAClassifier, predictBatch, type Outputs } from './predictBatch.js';
import type { Predictor } from './predictor.js';

/**
 * Predicts a batch and returns its outputs.
 *
 * @param values - Finite pixels in [0, 255], in row-major order.
 * @param shape - `[batch, height, width, channels]`.
 * @throws {ShapeError} when the model does not return one tensor `[batch, classes]`.
 * @throws {BackendError} when the model needs a backend of TensorFlow.js and none is ready.
 */
export async function predictValues(
  where: string,
  model: LayersModel | Predictor,
  values: Float32Array,
  shape: readonly [number, number, number, number],
): Promise<Outputs> {
  if ('run' in model && model.run !== undefined) {
    const outputs = Object.values(await model.run(values, shape));
    const [output] = outputs;
    if (output === undefined || outputs.length > 1 || output.shape.length !== 2 || output.shape[0] !== shape[0]) {
      throw notAClassifier(
        where,
        shape[0],
        outputs.map((each) => each.shape),
      );
    }
    return { values: output.values, columns: output.shape[1] as number };
  }
  await ensureBackend();
  const xs = tf.tensor4d(values, [...shape]);
  try {
    return await predictBatch(where, model, xs);
  } finally {
    xs.dispose();
  }
}
