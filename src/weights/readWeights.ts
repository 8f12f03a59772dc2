// Reads a weight file with the reader for its format.

import { check, instanceOf } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { NamedArrays } from './namedArrays.js';
import { readSafetensorsFor } from './readSafetensors.js';
import { readTorchFor } from './readTorch.js';
import { unknownFormat, weightFormat } from './weightFormat.js';

/**
 * Reads a safetensors or PyTorch weight file. The format is detected from the first bytes. For Keras files, use `effnet-ts/hdf5` or
 * `effnet-ts/node`.
 *
 * @throws {WeightsError} when the format is not supported, or the file is damaged. The message says what the file is and what to do.
 * @example
 * const arrays = readWeights(new Uint8Array(await file.arrayBuffer()));
 */
export function readWeights(bytes: Uint8Array): NamedArrays {
  check('readWeights', 'bytes', bytes, instanceOf(Uint8Array, 'the bytes of a file'), 'Read the file first.');
  return readWeightsFor('readWeights', bytes);
}

/** Same as {@link readWeights}, for another function that has checked the bytes. */
export function readWeightsFor(where: string, bytes: Uint8Array): NamedArrays {
  switch (weightFormat(where, bytes)) {
    case 'safetensors':
      return readSafetensorsFor(where, bytes);
    case 'torch':
      return readTorchFor(where, bytes);
    case 'keras':
      throw new WeightsError(
        `${where}: expected a file of safetensors or PyTorch, received one of Keras. ` +
          `Read it with \`readKeras\` of 'effnet-ts/hdf5', and pass the arrays instead.`,
      );
    case 'unknown':
      throw unknownFormat(where, bytes);
  }
}
