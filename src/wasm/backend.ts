// The wasm backend as kernels see it: addresses of tensors, and the kernels bound to its memory.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';
import { KERNELS, SHARED_KERNELS } from './binary.js';

/** What is used of TensorFlow.js' BackendWasm. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: WebAssembly.Exports;
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  incRef(dataId: object): void;
  makeOutput(shape: readonly number[], dtype: 'float32'): TensorInfo;
}

/** A compiled function; every argument is an address, a size or a float. */
type Kernel = (...parameters: number[]) => number;

/** The exports of src/wasm/assembly/index.ts. */
export type Kernels = Readonly<Record<
  | 'convolutionFilterGradient' | 'convolutionInputGradient' | 'convolutionScratch'
  | 'depthwiseFilterGradient' | 'depthwiseFilterScratch' | 'depthwiseInputGradient' | 'depthwiseInputScratch'
  | 'moments' | 'normalize' | 'normalizeGradient' | 'batchNormScratch'
  | 'swish' | 'swishGradient'
  | 'sumRows' | 'sumRowsScratch',
  Kernel
>>;

const bound = new WeakMap<WasmBackend, Kernels>();

/** Compiles the kernels onto the backend's memory. */
export async function bindKernels(backend: WasmBackend): Promise<void> {
  if (bound.has(backend)) return;
  const memory = memoryOf(backend);
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  const bytes = Uint8Array.from(atob(shared ? SHARED_KERNELS : KERNELS), (character) => character.charCodeAt(0));
  try {
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    bound.set(backend, instance.exports as unknown as Kernels);
  } catch (cause) {
    throw new BackendError('registerWasmTraining: expected a runtime with WebAssembly SIMD, received one that cannot compile it.', { cause });
  }
}

/** The kernels bound to a backend. */
export function kernelsOf(backend: WasmBackend): Kernels {
  const kernels = bound.get(backend);
  if (kernels === undefined) {
    throw new BackendError('registerWasmTraining: expected the wasm backend it was called for, received a new one. Call it again after replacing the backend.');
  }
  return kernels;
}

/** The address of a tensor's first value. */
export function addressOf(backend: WasmBackend, tensor: TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** A new tensor with undefined values. */
export function allocate(backend: WasmBackend, shape: readonly number[]): TensorInfo {
  const tensor = backend.makeOutput(shape, 'float32');
  if (addressOf(backend, tensor) === 0) throw outOfMemory(shape.reduce((size, axis) => size * axis, 4));
  return tensor;
}

/** Lends memory for the time of a call. */
export function withScratch(backend: WasmBackend, floats: number, use: (address: number) => void): void {
  const address = backend.wasm._malloc(floats * 4) >>> 0;
  if (address === 0) throw outOfMemory(floats * 4);
  try {
    use(address);
  } finally {
    backend.wasm._free(address);
  }
}

function outOfMemory(bytes: number): BackendError {
  return new BackendError(`wasm: expected ${bytes} more bytes of memory, received none: WebAssembly ends at 4 GB. Use a smaller batch or smaller images.`);
}

function memoryOf(backend: WasmBackend): WebAssembly.Memory {
  const candidates = [backend.wasm.wasmMemory, ...Object.values(backend.wasm.asm)];
  const memory = candidates.find((candidate) => candidate instanceof WebAssembly.Memory);
  if (memory === undefined) {
    throw new BackendError('registerWasmTraining: expected @tensorflow/tfjs-backend-wasm 4.22 or later, received one that does not show its memory.');
  }
  return memory;
}
