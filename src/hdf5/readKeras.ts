// Reads the files of Keras: the HDF5 files of Keras 2, `.weights.h5` and `.keras` of Keras 3; weights alone, whole models, nested ones.
// Only weights are read; what a configuration says is not run.

import type { Dataset, File, Group } from 'h5wasm';
import { show, WeightsError } from '../core/index.js';
import { elementCount, openZip, type ElementType, type NamedArrays, type WeightArray } from '../weights/index.js';
import { checkHeaps } from './checkHeaps.js';
import { datasetAt, groupAt, hdf5File, texts, type Hdf5File } from './hdf5File.js';

const WHERE = 'readKeras';

/**
 * Reads the weights of a Keras file, named `layer/weight`; those of models inside the model `model/layer/weight`. Optimizer state is
 * listed under `optimizer/`, so that a report can account for it.
 *
 * @param bytes - The whole file, of any of the three formats; it is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is damaged, or holds no weights of Keras.
 * @example
 * const arrays = await readKeras(await readFile('efficientnetb0.h5'));
 * await loadWeights(model, arrays);
 */
export async function readKeras(bytes: Uint8Array): Promise<NamedArrays> {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const hdf5 = isZip ? openZip(WHERE, bytes).read('model.weights.h5') : bytes;
  checkHeaps(WHERE, hdf5);
  const file = await hdf5File(WHERE, hdf5);
  const datasets = file.use((root) => {
    const legacy = legacyGroup(root);
    return legacy === undefined ? [...keras3Weights(root, hdf5.length)] : [...legacyWeights(legacy)];
  });
  const arrays = new Map<string, WeightArray>();
  for (const { name, dataset } of datasets) {
    if (arrays.has(name)) throw new WeightsError(`${WHERE}: two weights are named ${show(name)}.`);
    arrays.set(name, file.use(() => arrayOf(file, name, dataset, hdf5.length)));
  }
  if (arrays.size === 0) throw new WeightsError(`${WHERE}: expected a file of Keras, received an HDF5 file without weights.`);
  return arrays;
}

interface NamedDataset {
  readonly name: string;
  readonly dataset: Dataset;
}

function arrayOf(file: Hdf5File, name: string, dataset: Dataset, fileBytes: number): WeightArray {
  const { path } = dataset;
  const shape = dataset.shape ?? [];
  const dtype = elementType(name, dataset);
  // Space may be promised that the file does not have; compressed weights are rare, and never a thousandfold.
  if (elementCount(shape) > 1024 * fileBytes) throw new WeightsError(`${WHERE}: ${show(name)} claims ${elementCount(shape)} numbers, more than the file can hold.`);
  return {
    shape, dtype,
    values: () => file.use((root) => {
      const value: unknown = datasetAt(root, path.replace(/^\//, ''))?.value;
      const values = toFloat32(value);
      if (values?.length !== elementCount(shape)) throw new WeightsError(`${WHERE}: the numbers of ${show(name)} are damaged.`);
      return values;
    }),
  };
}

function toFloat32(value: unknown): Float32Array | undefined {
  if (value instanceof Float32Array) return value;
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Float32Array.from(value, Number);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return new Float32Array(value as Float64Array);
  return typeof value === 'number' || typeof value === 'bigint' ? Float32Array.of(Number(value)) : undefined;
}

function elementType(name: string, { metadata }: Dataset): ElementType {
  const [integer, float] = [0, 1];
  const bits = metadata.size * 8;
  if (metadata.type === float && (bits === 32 || bits === 64)) return `float${bits}`;
  if (metadata.type === integer && (bits === 8 || bits === 16 || bits === 32 || bits === 64)) return `${metadata.signed ? 'int' : 'uint'}${bits}`;
  throw new WeightsError(`${WHERE}: expected ${show(name)} to hold numbers of 32 or 64 bits or integers, received another type.`);
}

// Keras 2, keras/src/legacy/saving/legacy_h5_format.py: attributes list the layers and each layer's weights.
function legacyGroup(root: File): Group | undefined {
  return [root, groupAt(root, 'model_weights')].find((group) => group !== undefined && Object.hasOwn(group.attrs, 'layer_names'));
}

function* legacyWeights(group: Group): Generator<NamedDataset> {
  for (const layer of listed(group, 'layer_names')) {
    const layerGroup = groupAt(group, layer);
    if (layerGroup === undefined) throw new WeightsError(`${WHERE}: the file lists the layer ${show(layer)} but does not hold it. It is damaged.`);
    for (const weight of listed(layerGroup, 'weight_names')) {
      const dataset = datasetAt(layerGroup, weight);
      if (dataset === undefined) throw new WeightsError(`${WHERE}: the file lists the weight ${show(weight)} but does not hold it. It is damaged.`);
      yield { name: legacyName(layer, weight), dataset };
    }
  }
}

/** Long lists are split over `name0`, `name1`, ... */
function listed(group: Group, name: string): readonly string[] {
  const whole = texts(group, name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0, part = texts(group, `${name}0`); part !== undefined; part = texts(group, `${name}${++i}`)) parts.push(...part);
  return parts;
}

function legacyName(layer: string, weight: string): string {
  const parts = weight.replace(/:0$/, '').split('/');
  const last = parts.at(-1) ?? '';
  const owner = parts.at(-2) ?? layer;
  const kind = last === 'kernel' && /dwconv2?$/.test(owner) ? 'depthwise_kernel' : last;
  return parts.length === 1 || parts[0] === layer ? `${layer}/${kind}` : `${layer}/${owner}/${kind}`;
}

// Keras 3, keras/src/saving/saving_lib.py: a tree of objects, each with its variables in `vars`, numbered; the layer's name is an attribute.
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  conv2d: ['kernel', 'bias'],
  depthwise_conv2d: ['depthwise_kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  normalization: ['mean', 'variance', 'count'],
};
const CONTAINERS: ReadonlySet<string> = new Set(['layers', '_layer_checkpoint_dependencies']);
const DEEPEST = 16;
const MOST_GROUPS = 100_000;
/** In bytes: a header of an object, and a link to it. */
const SMALLEST_GROUP = 32;

function* keras3Weights(root: File, fileBytes: number): Generator<NamedDataset> {
  yield* visit(root, [], '', 0, { left: Math.min(MOST_GROUPS, fileBytes / SMALLEST_GROUP) });
}

function* visit(group: Group, owners: readonly string[], key: string, depth: number, groups: { left: number }): Generator<NamedDataset> {
  // Groups that share their children multiply with every level.
  groups.left -= 1;
  if (groups.left < 0) throw new WeightsError(`${WHERE}: the file leads to more groups than it can hold. It is damaged.`);
  if (depth > DEEPEST) throw new WeightsError(`${WHERE}: the file nests deeper than any model. It is damaged.`);
  const variables = groupAt(group, 'vars');
  const named = variables === undefined || key === 'optimizer' ? undefined : texts(variables, 'name')?.[0];
  // The model at the root gives its weights no name of its own.
  const path = depth === 0 ? owners : [...owners, named ?? key];
  const kinds = VARIABLES[key.replace(/_\d+$/, '')] ?? [];
  for (const index of variables?.keys() ?? []) {
    const dataset = variables === undefined ? undefined : datasetAt(variables, index);
    if (dataset !== undefined) yield { name: [...path, kinds[Number(index)] ?? index].join('/'), dataset };
  }
  for (const child of group.keys()) {
    const next = child === 'vars' ? undefined : groupAt(group, child);
    if (next === undefined) continue;
    if (!CONTAINERS.has(child)) {
      yield* visit(next, path, child, depth + 1, groups);
      continue;
    }
    for (const layer of next.keys()) {
      const found = groupAt(next, layer);
      if (found !== undefined) yield* visit(found, path, layer, depth + 1, groups);
    }
  }
}
