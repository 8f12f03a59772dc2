// What TensorFlow.js' engine knows about its backends, and starting one without losing the reason of a failure.

import * as tf from '@tensorflow/tfjs-core';
import { keepingListeners, withoutNewListeners } from './processListeners.js';

/** The name of the backend that is ready to compute, or `undefined`; never starts one. */
export function readyBackend(): string | undefined {
  const { backendName, registry } = tf.engine();
  return Object.hasOwn(registry, backendName) ? backendName : undefined;
}

/** The names of the registered backends, in TensorFlow.js' own order of preference. */
export function registeredBackends(): string[] {
  const { registryFactory } = tf.engine();
  return Object.entries(registryFactory)
    .sort(([, a], [, b]) => b.priority - a.priority)
    .map(([name]) => name);
}

/**
 * Starts a registered backend and makes it the active one.
 *
 * @throws what the backend itself throws. `tf.setBackend` logs that and returns false, so the instance is made here and handed over.
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

/** Runs `work` after every earlier piece of work: two selections at once would start a backend twice. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = lastTurn.then(work);
  lastTurn = turn.catch(() => undefined);
  return turn;
}
