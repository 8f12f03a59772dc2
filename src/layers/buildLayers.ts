// Builds layers and frees their weights if an error occurs, for example in a custom part.

import * as tf from '@tensorflow/tfjs-core';
import { requireBackend } from '../backends/internal.js';

/**
 * Returns the result of `build`. If it throws, the weights of all layers created so far are disposed.
 *
 * @throws {BackendError} when no backend is ready.
 */
export function buildLayers<T>(where: string, build: () => T): T {
  requireBackend(where);
  const before = new Set(Object.values(tf.engine().registeredVariables));
  try {
    return build();
  } catch (cause) {
    for (const variable of Object.values(tf.engine().registeredVariables)) if (!before.has(variable)) variable.dispose();
    throw cause;
  }
}
