// Refuses files whose heaps (where HDF5 stores names and strings) would make the HDF5 library loop forever or fill the memory. The library
// truncates sizes to 32 bits before it compares them, and follows lists without a limit.
// Format: HDF5 File Format Specification 3.0, II "Superblock", III.D "Local Heaps", III.E "Global Heap".

import { strayFile } from '../core/internal.js';
import { WeightsError } from '../core/index.js';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const GLOBAL_HEAP = [0x47, 0x43, 0x4f, 0x4c, 1]; // 'GCOL', version 1
const LOCAL_HEAP = [0x48, 0x45, 0x41, 0x50, 0]; // 'HEAP', version 0
/** Marks the end of a local heap's list of free blocks. */
const NO_BLOCK = 1;

/**
 * @throws {WeightsError} when the file does not start with a superblock, a heap object has an impossible size, a heap is larger than the
 *   file, or a list of free blocks has no end.
 */
export function checkHeaps(where: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!hasSuperblock(bytes)) {
    const stray = strayFile(String.fromCharCode(...bytes.subarray(0, 64)));
    const sentence =
      stray === undefined
        ? 'the HDF5 file cannot be read. It is truncated, damaged or not an HDF5 file.'
        : `expected an HDF5 file, received ${stray[0]}. ${stray[1]}`;
    throw new WeightsError(`${where}: ${sentence}`);
  }
  for (const heap of found(bytes, GLOBAL_HEAP)) {
    if (!isGlobalHeapSound(view, heap))
      throw new WeightsError(`${where}: a heap of the HDF5 file contains an object of an impossible size. The file is damaged.`);
  }
  for (const heap of found(bytes, LOCAL_HEAP)) {
    if (!isLocalHeapSound(view, heap))
      throw new WeightsError(
        `${where}: a heap of the HDF5 file is larger than the file or lists free space that cannot exist. The file is damaged.`,
      );
  }
}

/**
 * Whether the file starts with a superblock with sizes and addresses of 8 bytes, and addresses relative to the start of the file. The
 * functions below assume both.
 */
function hasSuperblock(bytes: Uint8Array): boolean {
  if (bytes.length < 48 || !startsWith(bytes, 0, SIGNATURE)) return false;
  const version = bytes[8] as number;
  const sizes = version < 2 ? 13 : 9;
  const base = version === 0 ? 24 : version === 1 ? 28 : 12;
  return bytes[sizes] === 8 && bytes[sizes + 1] === 8 && bytes.subarray(base, base + 8).every((byte) => byte === 0);
}

function* found(bytes: Uint8Array, signature: readonly number[]): Generator<number> {
  const first = signature[0] as number;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (startsWith(bytes, at, signature)) yield at;
  }
}

function startsWith(bytes: Uint8Array, at: number, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[at + i] === byte);
}

/** Whether the objects of a global heap fill it without gaps. */
function isGlobalHeapSound(view: DataView, heap: number): boolean {
  const header = 16;
  const end = heap + size(view, heap + 8);
  // The heap may end beyond the end of a damaged file.
  if (!(end <= view.byteLength)) return false;
  let object = heap + header;
  while (object + header <= end) {
    const content = size(view, object + 8);
    // Object 0 is the free space. Its size includes its header.
    const taken = view.getUint16(object, true) === 0 ? content : header + Math.ceil(content / 8) * 8;
    if (taken < header || object + taken > end) return false;
    object += taken;
  }
  return true;
}

/** Whether a local heap lies within the file, its free blocks lie within the heap, and their list ends. */
function isLocalHeapSound(view: DataView, heap: number): boolean {
  const [space, first, data] = [size(view, heap + 8), size(view, heap + 16), size(view, heap + 24)];
  if (!(space === 0 || data + space <= view.byteLength)) return false;
  let blocks = 0;
  for (let block = first; block !== NO_BLOCK; block = size(view, data + block)) {
    // A free block takes at least 16 bytes: the offset of the next block and its own size.
    blocks += 1;
    if (!(block + 16 <= space && blocks <= space / 16)) return false;
  }
  return true;
}

/** Reads an unsigned number of 8 bytes. Returns NaN beyond the end of the file. */
function size(view: DataView, at: number): number {
  return at + 8 <= view.byteLength ? Number(view.getBigUint64(at, true)) : NaN;
}
