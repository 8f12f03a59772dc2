// pretrained for repositories of the Hugging Face hub, and for folders with the same files.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { invalid } from '../../../core/internal.js';
import { DataError, OptionError } from '../../../core/index.js';
import { hubModel, isHubName, parseHubName, type HubModelOptions } from '../../../weights/internal.js';
import { ensureBackend } from '../../backends/index.js';
import { systemReason } from '../../files/internal.js';
import { folderFiles } from '../folderFiles.js';
import { TOPOLOGY } from '../topologyFile.js';
import type { CacheOptions } from '../weightCache.js';
import { repositoryFiles } from './repositoryFiles.js';

/** Options of a model from a repository. */
export type RepositoryModelOptions = HubModelOptions & CacheOptions & { readonly weights?: unknown };

/** Whether a name is a repository of the hub or a path. Published checkpoints have other names, whatever is on the disk. */
export function isRepository(name: unknown): name is string {
  return isHubName(name) || (typeof name === 'string' && isPath(name));
}

/** A path begins as one: with a dot and a slash, with a slash, or with a drive. */
function isPath(name: string): boolean {
  return /^(\.{1,2}([/\\]|$)|[/\\]|~[/\\]|[a-z]:[/\\]|file:)/i.test(name);
}

/**
 * Builds the model of a repository or a folder for `where`, which has checked the options. The caller must dispose it.
 *
 * @throws {OptionError} when the name is malformed, or an option has no meaning for it.
 * @throws {DataError} when there is no such folder, or it is the folder of a saved model.
 */
export async function repositoryModel(where: string, name: string, options: RepositoryModelOptions): Promise<LayersModel> {
  const { weights, cacheFolder, mirror, onProgress, signal, ...modelOptions } = options;
  const kind = isHubName(name) ? 'a repository' : 'a folder';
  if (weights !== undefined) throw useless('weights', `${kind} has weights of its own. Load others afterwards with \`loadWeights\``);
  if (mirror !== undefined && isHubName(name)) throw useless('mirror', 'set the environment variable HF_ENDPOINT to a mirror of the hub');
  for (const [option, value] of Object.entries({ mirror, cacheFolder }))
    if (value !== undefined && !isHubName(name)) throw useless(option, 'nothing is downloaded');
  if (isHubName(name)) {
    const files = await repositoryFiles(where, parseHubName(where, name), { cacheFolder, onProgress, signal });
    await ensureBackend();
    const model = await hubModel(where, files, modelOptions);
    await files.commit();
    return model;
  }
  await checkFolder(where, name);
  signal?.throwIfAborted();
  await ensureBackend();
  return hubModel(where, folderFiles(where, name), modelOptions);

  function useless(option: string, reason: string): OptionError {
    return new OptionError(`${where}: \`${option}\` cannot be used for '${name}': ${reason}.`);
  }
}

async function checkFolder(where: string, name: string): Promise<void> {
  if (/^file:/i.test(name))
    throw invalid(where, 'name', 'the path of a folder', name, "Convert the URL with `fileURLToPath` of 'node:url'.");
  if (name.startsWith('~')) throw invalid(where, 'name', 'the path of a folder', name, "Replace '~' with `homedir()` of 'node:os'.");
  const expected = `${where}: expected a folder with the config.json of a model of transformers or timm`;
  const found = await stat(name).catch((cause: unknown) => {
    throw new DataError(`${expected}, received '${name}': ${systemReason(cause)}.`, { cause, origin: name });
  });
  const has = async (file: string): Promise<boolean> => (await stat(join(name, file)).catch(() => undefined)) !== undefined;
  if (!found.isDirectory()) {
    const remedy = name.endsWith('.json') ? 'Pass the folder that it is in' : 'Load weights with `loadWeights`';
    throw new DataError(`${expected}, received the file '${name}'. ${remedy}.`, { origin: name });
  }
  if ((await has(TOPOLOGY)) && !(await has('config.json')))
    throw new DataError(`${expected}, received '${name}', a saved model. Open it with \`loadModel\`.`, { origin: name });
}
