// Checks arguments that must be optimizers.

import type * as tf from '@tensorflow/tfjs-core';
import { check, rule } from '../core/internal.js';

const optimizerRule = rule<tf.Optimizer>(
  'an optimizer such as adam()',
  (value) => typeof (value as Partial<tf.Optimizer> | null | undefined)?.applyGradients === 'function',
);

/** @throws {OptionError} when the value is not an optimizer of this library or of TensorFlow.js. */
export function checkOptimizer(where: string, optimizer: unknown): asserts optimizer is tf.Optimizer {
  check(where, 'optimizer', optimizer, optimizerRule);
}
