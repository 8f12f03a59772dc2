// Sets every weight of a model by its name, as the golden files were made.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { fillKeras } from './fill.js';

/** Fills all weights of the model. */
export function fillModel(model: LayersModel, gain: number): void {
  for (const layer of model.layers) {
    if (layer.weights.length === 0) continue;
    const values = layer.weights.map(({ originalName, shape }) =>
      tf.tensor(fillKeras(originalName, shape as number[], gain), shape as number[]),
    );
    layer.setWeights(values);
    tf.dispose(values);
  }
}
