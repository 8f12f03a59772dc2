// Reads weights that are split into several files with an index, as Hugging Face's tools write them.

import { access } from 'node:fs/promises';
import { record, show } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import { readNotes } from '../../weights/internal.js';
import type { ModelNotes, NamedArrays, WeightArray } from '../../weights/index.js';
import { pathBeside } from './shardPaths.js';

/** The content of an index file. */
export interface ShardIndex {
  /** The name of the shard for every array. */
  readonly weight_map: Readonly<Record<string, unknown>>;
  /** May contain the strings that safetensors files have in `__metadata__`. */
  readonly metadata?: unknown;
}

/**
 * Reads all shards of an index: `model.safetensors.index.json` or `pytorch_model.bin.index.json`.
 *
 * The preprocessing and the class names of the model come from the `metadata` of the index, or else from the first shard that has them.
 *
 * @param readShard - Reads one shard.
 * @throws {WeightsError} when a shard is missing, damaged, outside the folder of the index, or lacks an array.
 * @throws {DataError} when the preprocessing in the index is damaged.
 */
export async function readShards(
  where: string,
  file: string,
  { weight_map: map, metadata }: ShardIndex,
  readShard: (path: string) => Promise<NamedArrays>,
): Promise<NamedArrays> {
  const names = [...new Set(Object.values(map))];
  const paths = names.map((name) => pathBeside(where, file, name));
  for (const [i, path] of paths.entries()) {
    if (!(await exists(path))) {
      throw new WeightsError(
        `${where}: '${file}' names the shard ${show(names[i])}, which does not exist. ` +
          `Copy or download all ${names.length} shards into its folder.`,
      );
    }
  }
  const shards = new Map<unknown, NamedArrays>();
  for (const [i, path] of paths.entries()) {
    try {
      shards.set(names[i], await readShard(path));
    } catch (cause) {
      throw new WeightsError(
        `${where}: the shard ${show(names[i])} of '${file}' cannot be read. ${cause instanceof Error ? cause.message : ''}`,
        { cause },
      );
    }
  }
  const arrays = new Map<string, WeightArray>();
  for (const [name, shard] of Object.entries(map)) {
    const array = shards.get(shard)?.get(name);
    if (array === undefined) {
      throw new WeightsError(
        `${where}: expected '${name}' in the shard ${show(shard)}, as '${file}' says, received a shard without it. ` +
          `The shard is damaged or of another model.`,
      );
    }
    arrays.set(name, array);
  }
  for (const shard of shards.values()) for (const [name, array] of shard) if (!arrays.has(name)) arrays.set(name, array);
  if (arrays.size === 0) throw new WeightsError(`${where}: '${file}' names no shard.`);
  const sources = [record.accepts(metadata) ? readNotes(where, file, metadata as Record<string, unknown>) : {}, ...shards.values()];
  return Object.assign(arrays, firstNotes(sources));
}

function firstNotes(sources: readonly ModelNotes[]): ModelNotes {
  const preprocessing = sources.find((source) => source.preprocessing !== undefined)?.preprocessing;
  const classNames = sources.find((source) => source.classNames !== undefined)?.classNames;
  return { preprocessing, classNames };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
