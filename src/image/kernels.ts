// The compiled loops over RGB pictures (assembly/) and the memory they work in. Where WebAssembly is missing or forbidden, for huge
// pictures and for other than RGB, plain loops do the same work.

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

/** Kernels with the memory whose addresses they take; lent for one call, for the next one takes it all. */
export interface PixelKernels {
  readonly kernels: Kernels;
  readonly buffer: ArrayBuffer;
}

/** Bytes behind every picture that kernels may read and write. */
export const PADDING = 48;

/** The memory grows to what a picture takes and stays: not for pictures of more than some five million pixels. */
const LIMIT = 2 ** 26;
const PAGE = 2 ** 16;

let opened: { readonly kernels: Kernels; readonly memory: WebAssembly.Memory } | false | undefined;

/** Lends kernels with so many bytes of memory, from address 0; `undefined` where there are none. */
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

/** The next address a vector may start at. */
export function aligned(address: number): number {
  return (address + 15) & ~15;
}
