// Reads the weights of a repository from the files that Hugging Face's tools write: one file, or shards with an index.

import { checkShardName } from '../../models/internal.js';
import { show } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import { joinShards } from '../joinShards.js';
import type { NamedArrays } from '../namedArrays.js';
import { readWeightsFor } from '../readWeights.js';
import { isJsonObject, readJson, refused, type HubFiles } from './hubFiles.js';

/** Names of the files with weights, in order of preference. */
export const HUB_WEIGHTS = ['model.safetensors', 'pytorch_model.bin'] as const;

/**
 * Reads the arrays of a repository: from `model.safetensors`, from its shards, or else from `pytorch_model.bin` or its shards.
 *
 * @throws {WeightsError} when there is none of these files, or one of them is damaged.
 */
export async function readHubWeights(where: string, files: HubFiles): Promise<NamedArrays> {
  for (const file of HUB_WEIGHTS) {
    const bytes = await files.read(file);
    if (bytes !== undefined) return readFile(where, files, file, bytes);
    const shards = await readHubShards(where, files, `${file}.index.json`);
    if (shards !== undefined) return shards;
  }
  throw new WeightsError(
    `${where}: expected weights in '${files.name}', received neither '${HUB_WEIGHTS[0]}' nor '${HUB_WEIGHTS[1]}', nor an index of their shards. ` +
      'Save the model with `save_pretrained` in Python.',
  );
}

async function readHubShards(where: string, files: HubFiles, file: string): Promise<NamedArrays | undefined> {
  const index = await readJson(where, files, file);
  if (index === undefined) return undefined;
  const { weight_map: map, metadata } = index.content;
  if (!isJsonObject(map)) throw refused(index, 'weight_map', 'the shard of every array', map);
  const shards = new Map<unknown, NamedArrays>();
  for (const shard of new Set(Object.values(map))) {
    checkShardName(where, file, shard);
    const bytes = await files.read(shard);
    if (bytes === undefined)
      throw new WeightsError(`${where}: expected the shard ${show(shard)} that ${index.name} names, received no such file.`);
    shards.set(shard, readFile(where, files, shard, bytes));
  }
  return joinShards(where, index.name, { weight_map: map, metadata }, shards);
}

function readFile(where: string, files: HubFiles, file: string, bytes: Uint8Array): NamedArrays {
  try {
    return readWeightsFor(where, bytes);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    const reason = cause.message.slice(`${where}: `.length);
    throw new WeightsError(`${where}: the file '${file}' of '${files.name}' cannot be read: ${reason}`, { cause });
  }
}
