// Models as folders: model.json and weights.bin, as any TensorFlow.js opens them.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, DataError, text } from '../core/index.js';
import * as models from '../models/index.js';
import { ensureBackend } from './selectBackend.js';
import { TOPOLOGY, topologyFile } from './topologyFile.js';

const WEIGHTS = 'weights.bin';

/**
 * Saves a model to a folder that any TensorFlow.js opens (`model.json`, `weights.bin`); plan and class names go along.
 *
 * Written beside and renamed: an earlier model there is replaced whole or stays whole.
 *
 * @param target - A folder, made with its parents where missing; or a TensorFlow.js save handler.
 * @throws {OptionError} when an option is unknown, or nothing saves to that target.
 * @throws {DataError} when the folder holds anything but a model, or cannot be written.
 * @throws {WeightsError} when a weight is not finite, or exceeds the range of float16 where it is stored as such.
 * @example
 * await saveModel(model, 'models/clothes');
 * await saveModel(model, 'public/clothes', { dtype: 'uint8' }); // less than a third of the size, for a page to download
 */
export async function saveModel(model: LayersModel, target: string | tf.io.IOHandler, options: models.SaveModelOptions = {}): Promise<void> {
  checkOptions('saveModel', options, models.SAVE_MODEL_RULES);
  if (typeof target !== 'string' || target.includes('://')) {
    await models.saveModel(model, target, options);
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
  }, options);
}

/**
 * Loads a layers model of TensorFlow.js; the caller disposes it.
 *
 * Opens models of {@link saveModel} with this library's layers, any other model of TensorFlow.js as it is, exports of Teachable Machine with their
 * class names, and models of Keras 2 and 3 converted by `tensorflowjs_converter`, which are translated: layers that only act in training
 * (RandomFlip and the like) become the identity.
 *
 * Starts a backend where none is ready.
 *
 * @param source - A folder, the path of its `model.json`, a URL, `File` objects or a TensorFlow.js load handler.
 * @throws {OptionError} when the model takes no such normalization.
 * @throws {DataError} when there is no model, or one with a layer that TensorFlow.js does not have. {@link WeightsError} when its weights are missing
 * or truncated, or are named outside its folder.
 * @example
 * const model = await loadModel('models/clothes');
 * const teachable = await loadModel('teachable-machine-export', { normalization: { mean: 127 / 255, std: 127 / 255 } });
 */
export async function loadModel(source: string | tf.io.IOHandler | FileList | readonly File[], options: models.LoadModelOptions = {}): Promise<LayersModel> {
  checkOptions('loadModel', options, models.LOAD_MODEL_RULES);
  if (typeof source !== 'string' || source.includes('://')) {
    await ensureBackend();
    return models.loadModel(source, options);
  }
  check('loadModel', 'source', source, text);
  const file = await topologyFile('loadModel', source);
  const folder = path.dirname(file);
  await ensureBackend();
  return models.loadModel({
    load: () => models.readModelFiles('loadModel', {
      origin: file,
      json: () => readFile(file, 'utf8'),
      shard: async (name) => {
        const { buffer, byteOffset, byteLength } = await readFile(path.join(folder, name));
        return buffer.slice(byteOffset, byteOffset + byteLength);
      },
      metadata: () => readFile(path.join(folder, 'metadata.json'), 'utf8').catch(() => undefined),
    }),
  }, options);
}

async function writeBeside(folder: string, { weightData, weightSpecs, ...rest }: tf.io.ModelArtifacts): Promise<void> {
  const mark = randomBytes(6).toString('hex');
  const beside = `${folder}.${mark}.new`;
  const before = `${folder}.${mark}.old`;
  try {
    await mkdir(beside, { recursive: true });
    const parts = weightData === undefined ? [] : [weightData].flat();
    const file: models.ModelFile = { ...rest, weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs ?? [] }] };
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
