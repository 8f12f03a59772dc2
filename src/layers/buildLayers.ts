// Layers take memory as soon as they are applied. A function of the caller's own may fail in the midst of them.

import * as tf from '@tensorflow/tfjs-core';
import { requireBackend } from '../backends/internal.js';

/**
 * Returns what `build` returns. Where it throws, the weights of all layers that it built are disposed.
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
