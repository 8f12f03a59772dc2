// Reads weights that Keras 3.10 and later splits over several files: `save_weights('model.weights.json', max_shard_size=...)`.

import { callable, check, show, text } from '../core/internal.js';
import { isEffnetError, OptionError, WeightsError } from '../core/index.js';
import { reasonOf } from '../models/internal.js';
import type { NamedArrays, WeightArray } from '../weights/index.js';
import { readHdf5 } from './readHdf5.js';

const WHERE = 'readKerasShards';

/**
 * Reads the weights of a Keras model that are split over several files. The names are the same as those of {@link readKeras}.
 *
 * @param index - The text of the `.weights.json` file.
 * @param readFile - Returns the bytes of a file in the same folder as the index, given its name.
 * @throws {OptionError} when an argument has the wrong type, or `readFile` does not return bytes.
 * @throws {WeightsError} when a file cannot be read, the index or a file is damaged, or the index lists a file outside its folder.
 * @example
 * const index = await (await fetch('weights/model.weights.json')).text();
 * const arrays = await readKerasShards(index, async (name) => new Uint8Array(await (await fetch(`weights/${name}`)).arrayBuffer()));
 */
export async function readKerasShards(index: string, readFile: (name: string) => Promise<Uint8Array>): Promise<NamedArrays> {
  check(WHERE, 'index', index, text, 'Read the `.weights.json` file as text.');
  check(WHERE, 'readFile', readFile, callable);
  const arrays = new Map<string, WeightArray>();
  const names = new Map<string, string>();
  for (const file of shardNames(index)) {
    for (const [name, array] of await shardOf(file, await bytesOf(file, readFile), names)) {
      if (arrays.has(name)) throw new WeightsError(`${WHERE}: two weights are named ${show(name)}.`);
      arrays.set(name, array);
    }
  }
  return arrays;
}

async function shardOf(file: string, bytes: Uint8Array, names: Map<string, string>): Promise<NamedArrays> {
  try {
    return await readHdf5(WHERE, bytes, { names });
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    throw new WeightsError(`${WHERE}: ${show(file)} cannot be read: ${cause.message.slice(`${WHERE}: `.length)}`, { cause });
  }
}

async function bytesOf(file: string, readFile: (name: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  let bytes: unknown;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    throw new WeightsError(`${WHERE}: ${show(file)} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
  if (bytes instanceof Uint8Array) return bytes;
  throw new OptionError(`${WHERE}: expected \`readFile\` to return the bytes of ${show(file)} as a Uint8Array, received ${show(bytes)}.`);
}

/** Returns the files that an index lists, in the order in which Keras wrote them. */
function shardNames(index: string): readonly string[] {
  let parsed: { readonly weight_map?: unknown } | null;
  try {
    parsed = JSON.parse(index) as typeof parsed;
  } catch (cause) {
    throw new WeightsError(`${WHERE}: the index is not valid JSON. Pass the text of the \`.weights.json\` file.`, { cause });
  }
  const map = parsed?.weight_map;
  const files = typeof map === 'object' && map !== null ? [...new Set(Object.values(map).flat() as unknown[])] : [];
  if (files.length === 0)
    throw new WeightsError(`${WHERE}: expected the index of sharded Keras weights, received JSON without \`weight_map\`.`);
  return files
    .map((file) => {
      if (typeof file !== 'string' || !/^[^/\\:\0]+\.weights\.h5$/.test(file))
        throw new WeightsError(`${WHERE}: expected \`.weights.h5\` files beside the index, received ${show(file)}.`);
      return file;
    })
    .sort();
}
