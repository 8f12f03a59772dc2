// One prediction from plain values: without TensorFlow.js where the predictor needs none.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { ShapeError } from '../../core/index.js';
import { showShape } from '../../core/internal.js';
import { predictBatch, type Predictor } from './evaluate.js';

/** A batch of images, or of probabilities. */
export interface Batch {
  readonly values: Float32Array;
  readonly columns: number;
}

/**
 * Predicts a batch: `[batch, columns]`, row-major.
 *
 * @param values - Finite pixels in [0, 255], `[batch, height, width, channels]`.
 * @throws {ShapeError} when the model does not return one tensor `[batch, classes]`.
 * @throws {BackendError} when TensorFlow.js is needed and has no backend.
 */
export async function predictValues(
  where: string,
  model: LayersModel | Predictor,
  values: Float32Array,
  shape: readonly [number, number, number, number],
): Promise<Batch> {
  if ('run' in model && model.run !== undefined) {
    const outputs = Object.values(await model.run(values, shape));
    const [output] = outputs;
    if (output === undefined || outputs.length > 1 || output.shape.length !== 2 || output.shape[0] !== shape[0]) {
      const received = outputs.length === 1 && output !== undefined ? showShape(output.shape) : `${outputs.length} outputs`;
      throw new ShapeError(
        `${where}: expected a model that returns one tensor [${shape[0]}, classes], received ${received}. Give it a classifier head.`,
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
