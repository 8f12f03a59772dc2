// Reports the tensors that a function leaves in memory.

import * as tf from '@tensorflow/tfjs-core';
import { callable, check } from '../core/internal.js';
import type { Complete } from '../core/index.js';

/** Number of tensors on all backends, and their size in bytes. */
export interface TensorMemory {
  readonly tensors: number;
  readonly bytes: number;
}

/** A tensor that was created by the function and not disposed. */
export interface KeptTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The function, file and line outside TensorFlow.js that created the tensor, or `undefined` if the runtime has no stack traces. */
  readonly madeAt: string | undefined;
}

/** The return value of a function and the tensors that it left in memory. */
export interface MemoryReport<T> {
  readonly value: T;
  readonly before: TensorMemory;
  readonly after: TensorMemory;
  /** The difference between `after` and `before`, including the return value. Negative if the function disposed older tensors. */
  readonly kept: TensorMemory;
  /** All tensors that were created and not disposed, including the return value, in order of creation. */
  readonly keptTensors: readonly KeptTensor[];
}

/**
 * Runs a function and reports how many tensors and bytes it leaves in memory, and where those tensors were created. Disposes nothing.
 * Records a stack trace per tensor, so do not use it for timing.
 *
 * @throws any error that `work` throws.
 * @example
 * const { kept, keptTensors } = await trackMemory(() => classify(model, photo));
 * console.log(kept.tensors); // 0
 * for (const { shape, madeAt } of keptTensors) console.log(shape, madeAt);
 */
export async function trackMemory<T>(work: () => T | Promise<T>): Promise<MemoryReport<T>> {
  check('trackMemory', 'work', work, callable);
  const before = tensorMemory();
  const made: Made = new Map();
  watch(made);
  try {
    const value = await work();
    const after = tensorMemory();
    const keptTensors = [...made.values()].map(({ shape, dtype, stack }) => ({ shape, dtype, madeAt: maker(stack) }));
    return { value, before, after, kept: { tensors: after.tensors - before.tensors, bytes: after.bytes - before.bytes }, keptTensors };
  } finally {
    unwatch(made);
  }
}

function tensorMemory(): TensorMemory {
  // `tf.memory()` requires an active backend, so this reads the engine's counters.
  const { numTensors, numBytes } = tf.engine().state;
  return { tensors: numTensors, bytes: numBytes };
}

/** Existing tensors by id. */
type Made = Map<number, { readonly shape: readonly number[]; readonly dtype: string; readonly stack: string | undefined }>;

/** The methods of the engine that are wrapped. They are called whenever a tensor or variable is created or disposed. */
interface Tracker {
  trackTensor?: ((tensor: tf.Tensor, backend: unknown) => void) | undefined;
  disposeTensor?: ((tensor: tf.Tensor) => void) | undefined;
}

const watching = new Set<Made>();

function watch(made: Made): void {
  watching.add(made);
  if (watching.size > 1) return;
  const tracker = tf.engine() as unknown as Tracker;
  const { trackTensor, disposeTensor } = tracker as Complete<Tracker>;
  tracker.trackTensor = (tensor, backend) => {
    trackTensor.call(tracker, tensor, backend);
    const { stack } = new Error();
    for (const each of watching) each.set(tensor.id, { shape: tensor.shape, dtype: tensor.dtype, stack });
  };
  tracker.disposeTensor = (tensor) => {
    disposeTensor.call(tracker, tensor);
    for (const each of watching) each.delete(tensor.id);
  };
}

function unwatch(made: Made): void {
  watching.delete(made);
  if (watching.size > 0) return;
  // Deleting the wrappers restores the methods of the class.
  const tracker = tf.engine() as unknown as Tracker;
  delete tracker.trackTensor;
  delete tracker.disposeTensor;
}

/** Returns the first stack frame outside TensorFlow.js and this file. */
function maker(stack: string | undefined): string | undefined {
  const [, own = '', ...callers] = (stack ?? '').split('\n');
  const here = fileOf(own);
  return callers
    .find((line) => line.trim() !== '' && fileOf(line) !== here && !line.includes('@tensorflow'))
    ?.trim()
    .replace(/^at /, '');
}

const fileOf = (line: string): string => line.replace(/^.*?(?=\(|\w+:\/\/|\/)/, '').replace(/(:\d+)+\)?$/, '');
