// Models and optimizers as arguments: what is neither is refused before anything is read off it.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../core/internal.js';

const layersModel = rule<LayersModel>('a tf.LayersModel', (value) =>
  Array.isArray((value as Partial<LayersModel> | null | undefined)?.layers),
);
const optimizerRule = rule<tf.Optimizer>(
  'an optimizer such as adam()',
  (value) => typeof (value as Partial<tf.Optimizer> | null | undefined)?.applyGradients === 'function',
);

/** Throws unless the value is a layers model. */
export function checkModel(where: string, model: unknown, option = 'model'): asserts model is LayersModel {
  check(where, option, model, layersModel);
}

/** Throws unless the value is an optimizer, of this library or of TensorFlow.js. */
export function checkOptimizer(where: string, optimizer: unknown): asserts optimizer is tf.Optimizer {
  check(where, 'optimizer', optimizer, optimizerRule);
}
