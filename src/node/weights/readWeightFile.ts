// Reads weight files of every format. In addition to the formats of readWeights, these are Keras files, TensorFlow.js folders and sharded
// files.

import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { check, either, instanceOf, text } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import { describeGraphModel, type ModelFile } from '../../models/internal.js';
import { foreignJson, readWeightsFor, unknownFormat, weightFormat } from '../../weights/internal.js';
import { readTfjs, type NamedArrays } from '../../weights/index.js';
import { readRegularFile, refuseWebAddress } from '../files/internal.js';
import { readShards } from './readShards.js';
import { shardPaths } from './shardPaths.js';
import { modelWithPart } from './topologyFile.js';
import { weightFileIn } from './weightFolder.js';

/** The source of {@link readWeightFile}: a path, or the bytes of a file. */
export const pathOrBytes = either(text, instanceOf(Uint8Array, 'the bytes of a file'));

/**
 * Reads a weight file of safetensors, PyTorch, Keras 2 or Keras 3. Also reads the folder (or `model.json`) of a TensorFlow.js layers model,
 * and the folder (or index) of sharded safetensors, PyTorch or Keras files.
 *
 * @param source - A path, or the bytes of a file.
 * @throws {WeightsError} when there is no such file, its format is none of these, or it is damaged.
 * @example
 * const arrays = await readWeightFile('efficientnetb0.h5');
 */
export async function readWeightFile(source: string | Uint8Array): Promise<NamedArrays> {
  refuseWebAddress('readWeightFile', 'source', source);
  check('readWeightFile', 'source', source, pathOrBytes, (source as unknown) instanceof Promise ? 'Await it first.' : '');
  return readWeightFileFor('readWeightFile', source);
}

/** {@link readWeightFile} for another function, which errors name and which has checked the type of `source`. */
export async function readWeightFileFor(where: string, source: string | Uint8Array): Promise<NamedArrays> {
  if (typeof source !== 'string') return readBytes(where, source);
  const path = (await isFolder(source)) ? await weightFileIn(where, source) : source;
  if (path.endsWith('.json')) return readJson(where, path);
  const bytes = await read(where, path);
  return naming(where, path, () => readBytes(where, bytes, path));
}

/** Names the function that the user called and the file in the errors of a reader, which sees only bytes. */
async function naming(where: string, path: string, readArrays: () => NamedArrays | Promise<NamedArrays>): Promise<NamedArrays> {
  try {
    return await readArrays();
  } catch (cause) {
    // The error for a file that is missing or of another kind names it already.
    if (!(cause instanceof WeightsError) || cause.message.startsWith(`${where}: expected a weight file, received '`)) throw cause;
    throw new WeightsError(`${where}: '${path}' cannot be read: ${cause.message.replace(/^\w+: /, '')}`, { cause });
  }
}

async function readBytes(where: string, bytes: Uint8Array, path?: string): Promise<NamedArrays> {
  const format = weightFormat(where, bytes);
  if (format === 'unknown') {
    const model = path === undefined ? undefined : await modelWithPart(path);
    if (model === undefined) throw unknownFormat(where, bytes, path);
    throw new WeightsError(
      `${where}: expected a weight file, received '${String(path)}', a part of the saved model in '${model}'. Pass that folder.`,
    );
  }
  if (format !== 'keras') return readWeightsFor(where, bytes);
  // The HDF5 library is large, so it is loaded only when a file needs it.
  const { readKeras } = await import('../../hdf5/index.js');
  return readKeras(bytes);
}

/** The content of a JSON file: either the parts of a model.json, or the index of shards. */
interface WeightJson extends ModelFile {
  readonly weight_map?: unknown;
  readonly metadata?: unknown;
  readonly class_name?: unknown;
}

async function readJson(where: string, path: string): Promise<NamedArrays> {
  const text = new TextDecoder().decode(await read(where, path));
  let content: WeightJson;
  try {
    content = (JSON.parse(text) as WeightJson | null) ?? {};
  } catch (cause) {
    throw new WeightsError(`${where}: '${path}' is not valid JSON.`, { cause });
  }
  const { weightsManifest, modelTopology, format, weight_map: map } = content;
  if (
    isRecord(map) &&
    Object.values(map)
      .flat()
      .some((shard) => String(shard).endsWith('.h5'))
  ) {
    const { readKerasShards } = await import('../../hdf5/index.js');
    return naming(where, path, () => readKerasShards(text, (name) => read(where, join(dirname(path), name))));
  }
  if (isRecord(map) && Object.values(map).every((shard) => typeof shard === 'string')) {
    return readShards(where, path, { weight_map: map, metadata: content.metadata }, async (shard) =>
      readBytes(where, await read(where, shard), shard),
    );
  }
  if (describeGraphModel(content) !== undefined || map !== undefined || content.class_name !== undefined) {
    throw new WeightsError(`${where}: expected a weight file, received '${path}', ${foreignJson(text) ?? ''}`);
  }
  const data = await Promise.all(shardPaths(where, path, weightsManifest).map((shard) => read(where, shard)));
  return naming(where, path, () =>
    readTfjs({
      modelTopology,
      format,
      weightSpecs: (weightsManifest ?? []).flatMap(({ weights }) => weights),
      weightData: data.map(({ buffer, byteOffset, byteLength }) => (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength)),
    }),
  );
}

async function read(where: string, path: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The name of a TensorFlow checkpoint is the common prefix of its files.
    if (
      code === 'ENOENT' &&
      (await stat(`${path}.index`).then(
        () => true,
        () => false,
      ))
    ) {
      throw new WeightsError(
        `${where}: expected a weight file, received the TensorFlow checkpoint '${path}'. ` +
          `In Python, load it with \`model.load_weights\` into the Keras model it came from and save its weights: ` +
          `\`model.save_weights('model.weights.h5')\`.`,
        { cause },
      );
    }
    throw new WeightsError(
      `${where}: expected a weight file, received '${path}', which ` +
        `${code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code ?? (cause as Error).message}`}.`,
      { cause },
    );
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
