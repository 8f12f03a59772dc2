// Joins the arrays of weights that are split into several files with an index, as Hugging Face's tools write them.

import { record, show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { ModelNotes } from './modelNotes.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';
import { readNotes } from './storedNotes.js';

/** The content of an index file. */
export interface ShardIndex {
  /** The name of the shard for every array. */
  readonly weight_map: Readonly<Record<string, unknown>>;
  /** May contain the strings that safetensors files have in `__metadata__`. */
  readonly metadata?: unknown;
}

/**
 * Joins the arrays of all shards. The preprocessing, the class names and the threshold of unknown answers come from the `metadata` of the
 * index, or else from the first shard that has them.
 *
 * @param file - Name of the index, for error messages.
 * @param shards - The arrays of every shard that the index names.
 * @throws {WeightsError} when a shard lacks an array, or the index names none.
 * @throws {DataError} when the preprocessing in the index is damaged.
 */
export function joinShards(
  where: string,
  file: string,
  { weight_map: map, metadata }: ShardIndex,
  shards: ReadonlyMap<unknown, NamedArrays>,
): NamedArrays {
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
  const unknownThreshold = sources.find((source) => source.unknownThreshold !== undefined)?.unknownThreshold;
  return { preprocessing, classNames, unknownThreshold };
}
