// Resolves the files that a model.json or an index of shards lists. They must be in its folder, so that a downloaded model cannot read
// other files.

import path from 'node:path';
import { WeightsError } from '../../core/index.js';
import { checkShardName, isManifest } from '../../models/internal.js';

/**
 * Returns the paths of all shards, in order.
 *
 * @param where - The public function to name in errors.
 * @throws {WeightsError} when there is no manifest, or it lists a file outside the folder of `file`.
 */
export function shardPaths(where: string, file: string, manifest: unknown): string[] {
  if (!isManifest(manifest))
    throw new WeightsError(`${where}: expected the model.json of a TensorFlow.js model, received '${file}' without a weights manifest.`);
  return manifest.flatMap(({ paths }) => paths).map((name) => pathBeside(where, file, name));
}

/**
 * Returns the path of a file that `file` lists.
 *
 * @throws {WeightsError} when the name leads outside the folder of `file`.
 */
export function pathBeside(where: string, file: string, name: unknown): string {
  checkShardName(where, file, name);
  return path.join(path.dirname(file), name);
}
