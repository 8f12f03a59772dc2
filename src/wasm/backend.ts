// Access to the internals of the wasm backend: tensor addresses, memory, and the compiled kernels.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';
import { KERNELS } from './binary.js';
import { withMultiplyAdd } from './relaxedSimd.js';
import { withSharedMemory } from './sharedMemory.js';

/** The parts of TensorFlow.js' BackendWasm that are used here. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: WebAssembly.Exports;
    readonly wasmMemory?: WebAssembly.Memory | undefined;
    _malloc: (bytes: number) => number;
    _free(address: number): void;
    /** The memory. It is replaced when the memory grows. */
    readonly HEAPU8: Uint8Array;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  incRef(dataId: object): void;
  makeOutput(shape: readonly number[], dtype: 'float32'): TensorInfo;
}

/** A compiled function. Every argument is an address, a size or a float. */
type Kernel = (...parameters: number[]) => number;

/** The functions exported by src/wasm/assembly/index.ts. */
export type Kernels = Readonly<
  Record<
    | 'convolutionFilterGradient'
    | 'convolutionInputGradient'
    | 'convolutionScratch'
    | 'depthwiseGradient'
    | 'depthwiseGradientScratch'
    | 'depthwiseNormAct'
    | 'depthwiseNormActScratch'
    | 'moments'
    | 'normalize'
    | 'normalizeGradient'
    | 'batchNormScratch'
    | 'swish'
    | 'swishGradient'
    | 'adamUpdate'
    | 'descentUpdate'
    | 'addByChannel'
    | 'byChannelScratch'
    | 'multiplyByChannel'
    | 'momentumUpdate'
    | 'excite'
    | 'exciteGradient'
    | 'exciteScratch'
    | 'exciteSums'
    | 'gate'
    | 'gateGradient'
    | 'gateScratch'
    | 'normAct'
    | 'normActFloats'
    | 'pointwiseGradient'
    | 'pointwiseGradientScratch'
    | 'pointwiseNormAct'
    | 'pointwiseScratch'
    | 'addFloats'
    | 'finite'
    | 'sumRows'
    | 'sumRowsScratch',
    Kernel
  >
>;

const bound = new WeakMap<WasmBackend, Kernels>();

/** Compiles the kernels and connects them to the backend's memory. */
export async function bindKernels(backend: WasmBackend): Promise<void> {
  if (bound.has(backend)) return;
  const memory = memoryOf(backend);
  try {
    const { instance } = await WebAssembly.instantiate(binaryFor(memory), { env: { memory } });
    bound.set(backend, instance.exports as unknown as Kernels);
  } catch (cause) {
    throw new BackendError('registerWasmTraining: expected a runtime with WebAssembly SIMD, received one without it.', {
      cause,
    });
  }
  refuseFailedAllocations(backend);
}

/** Returns the compiled kernels for a memory, which is an ordinary or a shared one. */
function binaryFor(memory: WebAssembly.Memory): Uint8Array<ArrayBuffer> {
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  const kernels = fastestKernels(Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0)));
  return shared ? withSharedMemory(kernels) : kernels;
}

const ofMemories = new WeakMap<WebAssembly.Memory, Kernels>();

/** Returns the kernels of a memory that does not belong to the backend. Compiles them at the first call. */
export function kernelsOfMemory(memory: WebAssembly.Memory): Kernels {
  const known = ofMemories.get(memory);
  if (known !== undefined) return known;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binaryFor(memory)), { env: { memory } });
  const kernels = exports as unknown as Kernels;
  ofMemories.set(memory, kernels);
  return kernels;
}

/** Returns the kernels with relaxed SIMD where the engine has it. */
function fastestKernels(kernels: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const relaxed = withMultiplyAdd(kernels);
  return WebAssembly.validate(relaxed) ? relaxed : kernels;
}

/** Returns the kernels of a backend. */
export function kernelsOf(backend: WasmBackend): Kernels {
  const kernels = bound.get(backend);
  if (kernels === undefined) {
    throw new BackendError(
      'registerWasmTraining: expected the wasm backend it was called for, received a new one. Call it again after replacing the backend.',
    );
  }
  return kernels;
}

/** Returns the address of a tensor's first value. */
export function addressOf(backend: WasmBackend, tensor: TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** Returns the address of a tensor's first value, or 0 without a tensor. */
export function addressOrZero(backend: WasmBackend, tensor: TensorInfo | undefined): number {
  return tensor === undefined ? 0 : addressOf(backend, tensor);
}

/** Creates a tensor with uninitialized values. */
export function allocate(backend: WasmBackend, shape: readonly number[]): TensorInfo {
  return backend.makeOutput(shape, 'float32');
}

/** Calls `use` with the address of temporary memory and frees it afterwards. */
export function withScratch(backend: WasmBackend, floats: number, use: (address: number) => void): void {
  const address = backend.wasm._malloc(floats * 4) >>> 0;
  try {
    use(address);
  } finally {
    backend.wasm._free(address);
  }
}

/** Makes failed allocations throw. TensorFlow.js would write to the address 0 that malloc returns. */
function refuseFailedAllocations({ wasm }: WasmBackend): void {
  // The first call replaces Emscripten's stub with the real function.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = malloc(bytes);
    if (address !== 0) return address;
    throw new BackendError(
      `wasm: expected memory for ${bytes} more bytes, received none: WebAssembly memory is limited to 4 GB. ` +
        `Use smaller images or a smaller batch, in training with \`accumulationSteps\` of the optimizer.`,
    );
  };
}

function memoryOf(backend: WasmBackend): WebAssembly.Memory {
  const candidates = [backend.wasm.wasmMemory, ...Object.values(backend.wasm.asm)];
  const memory = candidates.find((candidate) => candidate instanceof WebAssembly.Memory);
  if (memory === undefined) {
    throw new BackendError(
      'registerWasmTraining: expected @tensorflow/tfjs-backend-wasm 4.22 or later, received one whose memory is not accessible.',
    );
  }
  return memory;
}
