// Detects the format of a weight file from its first bytes, and creates the errors for other files.

import { WeightsError } from '../core/index.js';
import { foreignArchive, foreignFile, UNKNOWN_FILE } from './foreignFile.js';
import { openZip } from './zip.js';

/** Formats of weight files. */
export type WeightFormat = 'safetensors' | 'torch' | 'keras' | 'unknown';

const LEGACY_START = 'L119547037146038801333356L';

/**
 * Detects the format of a file from its first bytes, or from the entry names of a zip archive.
 *
 * @throws {WeightsError} when a zip archive is damaged.
 */
export function weightFormat(where: string, bytes: Uint8Array): WeightFormat {
  const starts = (...signature: readonly number[]): boolean => signature.every((byte, i) => bytes[i] === byte);
  // A safetensors file starts with the length of its JSON header. The length may look like the start of another format.
  if (bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'keras';
  if (isZip(bytes)) {
    const { names } = openZip(where, bytes);
    if (names.includes('config.json') && names.some((name) => name.endsWith('.h5'))) return 'keras';
    return names.some((name) => /(^|\/)data\.pkl$/.test(name)) ? 'torch' : 'unknown';
  }
  if (starts(0x80, 2) || starts(0x80, 3) || starts(0x80, 4) || starts(0x80, 5)) return 'torch';
  // The magic number of torch.save, as written with protocols 0 and 1.
  if (new TextDecoder().decode(bytes.subarray(0, LEGACY_START.length)) === LEGACY_START) return 'torch';
  if (bytes[8] === 0x7b) return 'safetensors';
  return 'unknown';
}

/**
 * Returns the error for a file of an unsupported format. It says what the file is and what to do.
 *
 * @param name - Name of the file, if known.
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
 * Throws if a file has another format than the wanted one. Damaged files are not refused here, but by their reader.
 *
 * @throws {WeightsError} when the format differs. The message says what the file is and what to do.
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
