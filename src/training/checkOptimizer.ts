// Optimizers as arguments: what is none is refused before anything is read off it.

import type * as tf from '@tensorflow/tfjs-core';
import { check, rule } from '../core/internal.js';

const optimizerRule = rule<tf.Optimizer>(
  'an optimizer such as adam()',
  (value) => typeof (value as Partial<tf.Optimizer> | null | undefined)?.applyGradients === 'function',
);

/** Throws unless the value is an optimizer, of this library or of TensorFlow.js. */
export function checkOptimizer(where: string, optimizer: unknown): asserts optimizer is tf.Optimizer {
  check(where, 'optimizer', optimizer, optimizerRule);
}
