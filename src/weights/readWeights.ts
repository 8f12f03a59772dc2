// Tells what kind of file some bytes are, and reads it with the right reader.

import { WeightsError } from '../core/index.js';
import type { NamedArrays } from './namedArrays.js';
import { readSafetensors } from './readSafetensors.js';

/** Kinds of weight files, told by their first bytes. */
export type WeightFormat = 'safetensors' | 'hdf5' | 'zip' | 'pickle' | 'unknown';

/** Tells the format of a file by its first bytes. */
export function weightFormat(bytes: Uint8Array): WeightFormat {
  const starts = (...signature: readonly number[]): boolean => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'hdf5';
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06)) return 'zip';
  if (bytes[8] === 0x7b || (bytes[8] === 0x20 && bytes.length > 8)) return 'safetensors';
  if (bytes[0] === 0x80 && (bytes[1] ?? 255) <= 5) return 'pickle';
  return 'unknown';
}

/**
 * Reads a weight file of any format known to this entry, told by its first bytes: safetensors.
 *
 * @throws {WeightsError} when the format is another, or the file is damaged.
 * @example
 * const arrays = readWeights(new Uint8Array(await file.arrayBuffer()));
 */
export function readWeights(bytes: Uint8Array): NamedArrays {
  const format = weightFormat(bytes);
  switch (format) {
    case 'safetensors':
      return readSafetensors(bytes);
    case 'hdf5':
      throw new WeightsError("readWeights: an HDF5 file is read with `readKeras` of 'effnet-ts/hdf5'; give its arrays to `loadWeights`.");
    case 'zip':
    case 'pickle':
    case 'unknown':
      throw new WeightsError('readWeights: expected a safetensors file, received bytes of another format. The file is damaged or none of weights.');
  }
}
