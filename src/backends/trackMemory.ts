// Counts the tensors a piece of work keeps.

import * as tf from '@tensorflow/tfjs-core';
import { callable, check } from '../core/index.js';

/** Tensors alive on all backends, and their bytes. */
export interface TensorMemory {
  readonly tensors: number;
  readonly bytes: number;
}

/** What a piece of work returned and what it kept in memory. */
export interface MemoryReport<T> {
  readonly value: T;
  readonly before: TensorMemory;
  readonly after: TensorMemory;
  /** After less before: what the work kept, its own result included; negative when it disposed older tensors. */
  readonly kept: TensorMemory;
}

/**
 * Runs `work` and reports how many tensors and bytes it kept. Disposes nothing.
 *
 * @throws whatever `work` throws.
 * @example
 * const { kept } = await trackMemory(() => classify(model, image));
 * console.log(kept.tensors); // 0
 */
export async function trackMemory<T>(work: () => T | Promise<T>): Promise<MemoryReport<T>> {
  check('trackMemory', 'work', work, callable);
  const before = tensorMemory();
  const value = await work();
  const after = tensorMemory();
  return { value, before, after, kept: { tensors: after.tensors - before.tensors, bytes: after.bytes - before.bytes } };
}

function tensorMemory(): TensorMemory {
  // The engine's own counters: tf.memory() needs a backend to be active.
  const { numTensors, numBytes } = tf.engine().state;
  return { tensors: numTensors, bytes: numBytes };
}
