// Copies the values of many tensors to one array, and adds arrays in memory that threads share. Only the wasm backend can.

import type * as tf from '@tensorflow/tfjs-core';
import { runFused } from './fusedKernel.js';

/** Copies the values of float32 tensors to `floats`, one tensor after the other. `floats` may be a view of shared memory. */
export function readFloats(tensors: readonly tf.Tensor[], floats: Float32Array): void {
  runFused('EffnetReadFloats', Object.fromEntries(tensors.entries()), { floats });
}

/** Two arrays of the same length in a shared memory, and their factors. */
export interface FloatSum {
  readonly memory: WebAssembly.Memory;
  /** The addresses of the arrays, in bytes. */
  readonly to: number;
  readonly from: number;
  /** Number of floats. */
  readonly count: number;
  readonly toFactor: number;
  readonly fromFactor: number;
}

/** Replaces the array at `to` with `to * toFactor + from * fromFactor`. */
export function addFloats(sum: FloatSum): void {
  runFused('EffnetAddFloats', {}, { ...sum });
}
