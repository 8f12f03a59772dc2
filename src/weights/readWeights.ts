// Tells what kind of file some bytes are, and reads it with the right reader.

import { check, instanceOf } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { NamedArrays } from './namedArrays.js';
import { readSafetensorsFor } from './readSafetensors.js';
import { readTorchFor } from './readTorch.js';
import { unknownFormat, weightFormat } from './weightFormat.js';

/**
 * Reads a weight file of any format this entry knows, told by its first bytes: safetensors and PyTorch. Keras' are read by
 * `effnet-ts/hdf5`, which Node's entry brings.
 *
 * @throws {WeightsError} when the format is another, or the file is damaged. The error says what the file is and what to do.
 * @example
 * const arrays = readWeights(new Uint8Array(await file.arrayBuffer()));
 */
export function readWeights(bytes: Uint8Array): NamedArrays {
  check('readWeights', 'bytes', bytes, instanceOf(Uint8Array, 'the bytes of a file'), 'Read the file first.');
  return readWeightsFor('readWeights', bytes);
}

/** {@link readWeights} on behalf of another function, which has checked that these are bytes. */
export function readWeightsFor(where: string, bytes: Uint8Array): NamedArrays {
  switch (weightFormat(where, bytes)) {
    case 'safetensors':
      return readSafetensorsFor(where, bytes);
    case 'torch':
      return readTorchFor(where, bytes);
    case 'keras':
      throw new WeightsError(
        `${where}: expected a file of safetensors or PyTorch, received one of Keras. ` +
          `Read it with \`readKeras\` of 'effnet-ts/hdf5', and give its arrays to \`loadWeights\`.`,
      );
    case 'unknown':
      throw unknownFormat(where, bytes);
  }
}
