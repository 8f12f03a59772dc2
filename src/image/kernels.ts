// Provides the compiled WebAssembly loops for RGB images (assembly/) and their memory. If WebAssembly is not available, or for very large
// or non-RGB images, the callers use JavaScript loops.

import { PIXEL_KERNELS } from './binary.js';

interface Kernels {
  resizeBytes(source: number, columns: number, width: number, rows: number, height: number, output: number): void;
  resizeFloats(source: number, columns: number, width: number, rows: number, height: number, output: number): void;
  sampleLine(
    source: number,
    width: number,
    height: number,
    row: number,
    column: number,
    rowStep: number,
    columnStep: number,
    first: number,
    last: number,
    output: number,
  ): void;
  scaleAndShift(values: number, pixels: number, factor: number, red: number, green: number, blue: number): void;
  sumChannels(values: number, pixels: number, sums: number): void;
  saturate(values: number, pixels: number, factor: number): void;
}

/** The compiled loops and the memory they work on. Valid only until the next call of {@link pixelKernels}, which reuses the memory. */
export interface PixelKernels {
  readonly kernels: Kernels;
  readonly buffer: ArrayBuffer;
}

/** Bytes after each image that the loops may read and write. */
export const PADDING = 48;

/** Upper limit of the memory in bytes, reached by images of about five million pixels. The memory grows as needed and never shrinks. */
const LIMIT = 2 ** 26;
const PAGE = 2 ** 16;

let opened: { readonly kernels: Kernels; readonly memory: WebAssembly.Memory } | false | undefined;

/** Returns the compiled loops with at least `bytes` bytes of memory, or `undefined` if they are not available. */
export function pixelKernels(bytes: number): PixelKernels | undefined {
  if (bytes > LIMIT) return undefined;
  opened ??= open();
  if (opened === false) return undefined;
  const { kernels, memory } = opened;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return { kernels, buffer: memory.buffer };
}

function open(): Exclude<typeof opened, undefined> {
  try {
    const memory = new WebAssembly.Memory({ initial: 0 });
    const bytes = Uint8Array.from(atob(PIXEL_KERNELS), (character) => character.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return { kernels: exports as unknown as Kernels, memory };
  } catch {
    return false;
  }
}

/** Rounds an address up to a multiple of 16, as vector instructions require. */
export function aligned(address: number): number {
  return (address + 15) & ~15;
}
