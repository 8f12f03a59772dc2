// Models as folders: model.json and weights.bin, as any TensorFlow.js opens them.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, DataError, isEffnetError, text } from '../core/index.js';
import * as models from '../models/index.js';
import { ensureBackend } from './selectBackend.js';
import { shardPaths } from './shardPaths.js';

const TOPOLOGY = 'model.json';
const WEIGHTS = 'weights.bin';

/**
 * Saves a model to a folder that any TensorFlow.js opens (`model.json`, `weights.bin`); plan and class names go along.
 *
 * Written beside and renamed: an earlier model there is replaced whole or stays whole.
 *
 * @param target - A folder, made with its parents where missing; or a TensorFlow.js save handler.
 * @throws {DataError} when the folder holds anything but a model, or cannot be written.
 * @example
 * await saveModel(model, 'models/clothes');
 */
export async function saveModel(model: LayersModel, target: string | tf.io.IOHandler): Promise<void> {
  if (typeof target !== 'string' || target.includes('://')) {
    await models.saveModel(model, target);
    return;
  }
  check('saveModel', 'target', target, text);
  const folder = path.resolve(target);
  await refuseOthersFiles(folder);
  await models.saveModel(model, {
    async save(artifacts) {
      await writeBeside(folder, artifacts);
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  });
}

/**
 * Loads a model from a folder with this library's layers, or any TensorFlow.js layers model as it is; the caller disposes it.
 *
 * Starts a backend where none is ready.
 *
 * @param source - A folder, the path of its `model.json`, a URL or a TensorFlow.js load handler.
 * @throws {DataError} when there is no model. {@link WeightsError} when its weights are truncated, or named outside its folder.
 * @example
 * const model = await loadModel('models/clothes');
 */
export async function loadModel(source: string | tf.io.IOHandler): Promise<LayersModel> {
  await ensureBackend();
  if (typeof source !== 'string' || source.includes('://')) return models.loadModel(source);
  check('loadModel', 'source', source, text);
  const file = source.endsWith('.json') ? source : path.join(source, TOPOLOGY);
  return models.loadModel({
    load: () => readArtifacts(file).catch((cause: unknown) => {
      if (isEffnetError(cause)) throw cause;
      throw new DataError(`loadModel: expected a saved model at '${path.dirname(file)}', received an error: ${String(cause)}.`, { cause, origin: file });
    }),
  });
}

/** A `model.json`. */
interface ModelFile extends Omit<tf.io.ModelArtifacts, 'weightSpecs' | 'weightData'> {
  readonly weightsManifest?: readonly { readonly paths: readonly string[]; readonly weights: tf.io.WeightsManifestEntry[] }[];
}

async function writeBeside(folder: string, { weightData, weightSpecs, ...rest }: tf.io.ModelArtifacts): Promise<void> {
  const mark = randomBytes(6).toString('hex');
  const beside = `${folder}.${mark}.new`;
  const before = `${folder}.${mark}.old`;
  try {
    await mkdir(beside, { recursive: true });
    const parts = weightData === undefined ? [] : [weightData].flat();
    const file: ModelFile = { ...rest, weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs ?? [] }] };
    await writeFile(path.join(beside, WEIGHTS), parts.map((part) => new Uint8Array(part)), { flush: true });
    await writeFile(path.join(beside, TOPOLOGY), JSON.stringify(file), { flush: true });
    const replaced = await rename(folder, before).then(() => true, (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    });
    try {
      await rename(beside, folder);
    } catch (error) {
      if (replaced) await rename(before, folder);
      throw error;
    }
    if (replaced) await rm(before, { recursive: true });
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    throw new DataError(`saveModel: expected a folder that can be written, received an error at '${folder}': ${String(cause)}.`, { cause, origin: folder });
  }
}

async function refuseOthersFiles(folder: string): Promise<void> {
  const names: readonly string[] = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new DataError(`saveModel: expected a folder for \`target\`, received '${folder}'.`, { cause: error, origin: folder });
  });
  if (names.length > 0 && !names.includes(TOPOLOGY)) {
    throw new DataError(`saveModel: expected an empty folder or an earlier model at '${folder}', received one with ${names.length} other files. Choose another.`, { origin: folder });
  }
}

async function readArtifacts(file: string): Promise<tf.io.ModelArtifacts> {
  const { weightsManifest = [], ...rest } = JSON.parse(await readFile(file, 'utf8')) as ModelFile;
  const parts = await Promise.all(shardPaths('loadModel', file, weightsManifest).map((shard) => readFile(shard)));
  return {
    ...rest,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: parts.map((part) => part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength)),
  };
}
