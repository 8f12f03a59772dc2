// What kind of file some bytes are, by their first ones, and what to say of a file that is of another kind.

import { WeightsError } from '../core/index.js';
import { foreignArchive, foreignFile, UNKNOWN_FILE } from './foreignFile.js';
import { openZip } from './zip.js';

/** Kinds of weight files. */
export type WeightFormat = 'safetensors' | 'torch' | 'keras' | 'unknown';

const LEGACY_START = 'L119547037146038801333356L';

/**
 * Tells the format of a file by its first bytes; of a zip archive by its names.
 *
 * @throws {WeightsError} when a zip archive is damaged.
 */
export function weightFormat(where: string, bytes: Uint8Array): WeightFormat {
  const starts = (...signature: readonly number[]): boolean => signature.every((byte, i) => bytes[i] === byte);
  // A header of JSON after its length, which may begin like any other file.
  if (bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'keras';
  if (isZip(bytes)) {
    const { names } = openZip(where, bytes);
    if (names.includes('config.json') && names.some((name) => name.endsWith('.h5'))) return 'keras';
    return names.some((name) => /(^|\/)data\.pkl$/.test(name)) ? 'torch' : 'unknown';
  }
  if (starts(0x80, 2) || starts(0x80, 3) || starts(0x80, 4) || starts(0x80, 5)) return 'torch';
  // The magic number of torch.save, as protocols 0 and 1 write it.
  if (new TextDecoder().decode(bytes.subarray(0, LEGACY_START.length)) === LEGACY_START) return 'torch';
  if (bytes[8] === 0x7b) return 'safetensors';
  return 'unknown';
}

/**
 * The error for a file of a format that is not read here: it says what the file is and what to do.
 *
 * @param name - The name of the file, where it has one.
 */
export function unknownFormat(where: string, bytes: Uint8Array, name?: string): WeightsError {
  return new WeightsError(`${where}: expected a file of safetensors, PyTorch or Keras, received ${describeUnknown(where, bytes, name)}`);
}

const NAMES = { safetensors: 'safetensors', torch: 'PyTorch', keras: 'Keras' } as const;

const READERS = {
  safetensors: 'a safetensors file. Read it with `readSafetensors`.',
  torch: 'a PyTorch file. Read it with `readTorch`.',
  keras: "a Keras file. Read it with `readKeras` of 'effnet-ts/hdf5'.",
} as const;

/**
 * Refuses the bytes of another format than the one that is read; damaged ones are left to its reader.
 *
 * @throws {WeightsError} which says what the file is and what to do.
 */
export function refuseOtherFormat(where: string, bytes: Uint8Array, wanted: keyof typeof READERS): void {
  const format = weightFormat(where, bytes);
  if (format === wanted) return;
  const received = format === 'unknown' ? describeUnknown(where, bytes) : READERS[format];
  if (received === UNKNOWN_FILE) return;
  throw new WeightsError(`${where}: expected a ${NAMES[wanted]} file, received ${received}`);
}

function describeUnknown(where: string, bytes: Uint8Array, name?: string): string {
  return isZip(bytes) ? foreignArchive(openZip(where, bytes).names) : foreignFile(bytes, name);
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}
