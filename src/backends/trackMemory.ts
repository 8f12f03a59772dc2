// Counts and names the tensors a piece of work keeps.

import * as tf from '@tensorflow/tfjs-core';
import { callable, check } from '../core/internal.js';
import type { Complete } from '../core/index.js';

/** Tensors alive on all backends, and their bytes. */
export interface TensorMemory {
  readonly tensors: number;
  readonly bytes: number;
}

/** A tensor that was made during the work and is still there. */
export interface KeptTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The function, file and line that had it made, outside of TensorFlow.js; `undefined` where the runtime shows no stack. */
  readonly madeAt: string | undefined;
}

/** What a piece of work returned and what it kept in memory. */
export interface MemoryReport<T> {
  readonly value: T;
  readonly before: TensorMemory;
  readonly after: TensorMemory;
  /** After less before: what the work kept, its own result included; negative when it disposed older tensors. */
  readonly kept: TensorMemory;
  /** Every tensor that was made meanwhile and not disposed, the result included, in the order they were made. */
  readonly keptTensors: readonly KeptTensor[];
}

/**
 * Runs `work` and reports how many tensors and bytes it kept, and where those tensors were made. Disposes nothing; takes a stack trace a
 * tensor, so time something else.
 *
 * @throws whatever `work` throws.
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
  // The engine's own counters: tf.memory() needs a backend to be active.
  const { numTensors, numBytes } = tf.engine().state;
  return { tensors: numTensors, bytes: numBytes };
}

/** Living tensors by their id. */
type Made = Map<number, { readonly shape: readonly number[]; readonly dtype: string; readonly stack: string | undefined }>;

/** What is wrapped of the engine: every tensor and variable passes here when it is made and when it goes. */
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
  // The class's own methods show again.
  const tracker = tf.engine() as unknown as Tracker;
  delete tracker.trackTensor;
  delete tracker.disposeTensor;
}

/** The first place on the stack that is neither TensorFlow.js nor this file. */
function maker(stack: string | undefined): string | undefined {
  const [, own = '', ...callers] = (stack ?? '').split('\n');
  const here = fileOf(own);
  return callers
    .find((line) => line.trim() !== '' && fileOf(line) !== here && !line.includes('@tensorflow'))
    ?.trim()
    .replace(/^at /, '');
}

const fileOf = (line: string): string => line.replace(/^.*?(?=\(|\w+:\/\/|\/)/, '').replace(/(:\d+)+\)?$/, '');
