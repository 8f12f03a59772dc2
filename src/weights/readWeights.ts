// Tells what kind of file some bytes are, and reads it with the right reader.

import { WeightsError } from '../core/index.js';
import { foreignArchive, foreignFile } from './foreignFile.js';
import type { NamedArrays } from './namedArrays.js';
import { readSafetensors } from './readSafetensors.js';
import { readTorch } from './readTorch.js';
import { openZip } from './zip.js';

/** Kinds of weight files. */
export type WeightFormat = 'safetensors' | 'torch' | 'keras' | 'unknown';

const LEGACY_START = 'L119547037146038801333356L';

/** Tells the format of a file by its first bytes; of a zip archive by its names. */
export function weightFormat(bytes: Uint8Array): WeightFormat {
  const starts = (...signature: readonly number[]): boolean => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'keras';
  if (isZip(bytes)) {
    const { names } = openZip('readWeights', bytes);
    if (names.includes('config.json') && names.some((name) => name.endsWith('.h5'))) return 'keras';
    return names.some((name) => /(^|\/)data\.pkl$/.test(name)) ? 'torch' : 'unknown';
  }
  if (starts(0x80, 2) || starts(0x80, 3) || starts(0x80, 4) || starts(0x80, 5)) return bytes[8] === 0x7b ? 'safetensors' : 'torch';
  // The magic number of torch.save, as protocols 0 and 1 write it.
  if (new TextDecoder().decode(bytes.subarray(0, LEGACY_START.length)) === LEGACY_START) return 'torch';
  // A header of JSON after its length.
  if (bytes[8] === 0x7b) return 'safetensors';
  return 'unknown';
}

/**
 * Reads a weight file of any format this entry knows, told by its first bytes: safetensors and PyTorch. Keras' are read by
 * `effnet-ts/hdf5`, which Node's entry brings.
 *
 * @throws {WeightsError} when the format is another, or the file is damaged. The error says what the file is and what to do.
 * @example
 * const arrays = readWeights(new Uint8Array(await file.arrayBuffer()));
 */
export function readWeights(bytes: Uint8Array): NamedArrays {
  const format = weightFormat(bytes);
  switch (format) {
    case 'safetensors':
      return readSafetensors(bytes);
    case 'torch':
      return readTorch(bytes);
    case 'keras':
      throw new WeightsError("readWeights: a file of Keras is read with `readKeras` of 'effnet-ts/hdf5'; give its arrays to `loadWeights`.");
    case 'unknown':
      throw unknownFormat(bytes);
  }
}

/**
 * The error for a file of a format that is not read here: it says what the file is and what to do.
 *
 * @param name - The name of the file, where it has one.
 */
export function unknownFormat(bytes: Uint8Array, name?: string): WeightsError {
  const what = isZip(bytes) ? foreignArchive(openZip('readWeights', bytes).names) : foreignFile(bytes, name);
  return new WeightsError(`readWeights: expected a file of safetensors, PyTorch or Keras, received ${what}`);
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}
