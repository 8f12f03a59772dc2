// Looks up and starts TensorFlow.js backends.

import * as tf from '@tensorflow/tfjs-core';
import { keepingListeners, withoutNewListeners } from './processListeners.js';

/** Returns the name of the backend that is ready, or `undefined`. Does not start a backend. */
export function readyBackend(): string | undefined {
  // `tf.findBackend` would start a backend that is set but not ready, and so interrupt its first start.
  const { backendName, registry } = tf.engine();
  return Object.hasOwn(registry, backendName) ? backendName : undefined;
}

/** Returns the names of the registered backends, ordered by TensorFlow.js' priority. */
export function registeredBackends(): string[] {
  const { registryFactory } = tf.engine();
  return Object.entries(registryFactory)
    .sort(([, a], [, b]) => b.priority - a.priority)
    .map(([name]) => name);
}

/**
 * Starts a registered backend and makes it the active one.
 *
 * @throws the backend's own error. `tf.setBackend` would only log it and return false, so this function creates the backend itself.
 */
export async function activate(name: string): Promise<void> {
  if (!Object.hasOwn(tf.engine().registry, name)) {
    const instance = await withoutNewListeners(() => tf.findBackendFactory(name)());
    if (name === 'wasm') {
      const dispose = instance.dispose.bind(instance);
      instance.dispose = () => {
        keepingListeners(dispose);
      };
    }
    const { priority } = tf.engine().registryFactory[name] ?? { priority: 1 };
    tf.removeBackend(name);
    tf.registerBackend(name, () => instance, priority);
  }
  await tf.setBackend(name);
}

let lastTurn: Promise<unknown> = Promise.resolve();

/** Runs `work` after all earlier calls have finished. Two concurrent selections would start a backend twice. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = lastTurn.then(work);
  lastTurn = turn.catch(() => undefined);
  return turn;
}
