// Recognizes a common mistake: `model.compile({ loss: softmaxCrossEntropy })` instead of `softmaxCrossEntropy()`.

import * as tf from '@tensorflow/tfjs-core';
import { OptionError } from '../core/index.js';

/**
 * @throws {OptionError} when TensorFlow.js passes labels to a function that creates a loss or a metric, because it was not called before.
 */
export function checkNotLabels(where: string, options: unknown, call = `${where}()`): void {
  if (options instanceof tf.Tensor) throw new OptionError(`${where}: expected options, received labels. Call it: \`${call}\`.`);
}
