// Reads weights that are split into several files with an index, as Hugging Face's tools write them.

import { access } from 'node:fs/promises';
import { show } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import { joinShards, type ShardIndex } from '../../weights/internal.js';
import type { NamedArrays } from '../../weights/index.js';
import { pathBeside } from './shardPaths.js';

/**
 * Reads all shards of an index: `model.safetensors.index.json` or `pytorch_model.bin.index.json`.
 *
 * The preprocessing, the class names and the threshold of unknown answers come from the `metadata` of the index, or else from the first
 * shard that has them.
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
        `${where}: the shard ${show(names[i])} of '${file}' cannot be read: ${cause instanceof Error ? cause.message.replace(/^\w+: /, '') : ''}`,
        { cause },
      );
    }
  }
  return joinShards(where, file, { weight_map: map, metadata }, shards);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
