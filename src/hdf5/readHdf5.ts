// Reads the arrays of a Keras HDF5 file in either of its two layouts.

import type { Dataset } from 'h5wasm';
import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { byteLength, elementCount, encodedArray } from '../weights/internal.js';
import type { ElementType, NamedArrays, WeightArray } from '../weights/index.js';
import { checkHeaps } from './checkHeaps.js';
import { datasetAt, hdf5File, type Hdf5File } from './hdf5File.js';
import { legacyGroup, legacyWeights } from './legacyWeights.js';
import { objectWeights, type ObjectNames } from './objectWeights.js';

/**
 * Reads the weights of a Keras HDF5 file.
 *
 * @param where - The public function to name in errors.
 * @throws {WeightsError} when the file is damaged or contains no Keras weights.
 */
export async function readHdf5(where: string, bytes: Uint8Array, names: ObjectNames): Promise<NamedArrays> {
  checkHeaps(where, bytes);
  const file = await hdf5File(where, bytes);
  const datasets = file.use((root) => {
    const legacy = legacyGroup(root);
    return legacy === undefined ? [...objectWeights(where, root, bytes.length, names)] : [...legacyWeights(where, legacy)];
  });
  const arrays = new Map<string, WeightArray>();
  for (const { name, dataset } of datasets) {
    if (arrays.has(name)) throw new WeightsError(`${where}: two weights are named ${show(name)}.`);
    arrays.set(
      name,
      file.use(() => arrayOf(where, file, name, dataset, bytes.length)),
    );
  }
  if (arrays.size === 0) throw new WeightsError(`${where}: expected a file of Keras, received an HDF5 file without weights.`);
  return arrays;
}

function arrayOf(where: string, file: Hdf5File, name: string, dataset: Dataset, fileBytes: number): WeightArray {
  const { path } = dataset;
  const shape = dataset.shape ?? [];
  const dtype = elementType(where, name, dataset);
  // A damaged file may declare huge arrays. Weights are rarely compressed, and never to less than a thousandth of their size.
  if (elementCount(shape) > 1024 * fileBytes)
    throw new WeightsError(`${where}: ${show(name)} claims ${elementCount(shape)} numbers, more than the file can contain.`);
  return encodedArray(shape, dtype, () =>
    file.use((root) => {
      const found = datasetAt(root, path.replace(/^\//, ''));
      const encoded = found === undefined ? undefined : file.bytesOf(found);
      if (encoded?.length !== byteLength(shape, dtype)) throw new WeightsError(`${where}: the numbers of ${show(name)} are damaged.`);
      return encoded;
    }),
  );
}

function elementType(where: string, name: string, { metadata }: Dataset): ElementType {
  const [integer, float, opaque] = [0, 1, 5];
  const bits = metadata.size * 8;
  if (metadata.type === float && (bits === 16 || bits === 32 || bits === 64)) return `float${bits}`;
  if (metadata.type === integer && (bits === 8 || bits === 16 || bits === 32 || bits === 64))
    return `${metadata.signed ? 'int' : 'uint'}${bits}`;
  // NumPy has no bfloat16, so h5py writes it as two opaque bytes.
  if (metadata.type === opaque && bits === 16) return 'bfloat16';
  throw new WeightsError(`${where}: expected ${show(name)} to contain floats of 16, 32 or 64 bits or integers, received another type.`);
}
