// Models as folders: model.json and weights.bin, as any TensorFlow.js opens them.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, either, invalid, rule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import * as models from '../../models/index.js';
import { checkModel, SAVE_MODEL_RULES, LOAD_MODEL_RULES, readModelFiles, type ModelFile, joinedWeights } from '../../models/internal.js';
import { modelTarget } from './modelTarget.js';
import { replaceFile } from '../files/internal.js';
import { ensureBackend } from '../backends/index.js';
import { systemReason } from '../files/internal.js';
import { TOPOLOGY, topologyFile, weightFilesOf } from './topologyFile.js';

const WEIGHTS = 'weights.bin';

/**
 * Saves a model to a folder that any TensorFlow.js opens (`model.json`, `weights.bin`); plan and class names go along.
 *
 * An earlier model there is replaced whole or stays whole. Other files in the folder stay.
 *
 * @param target - A folder, made with its parents where missing; or a TensorFlow.js save handler.
 * @throws {OptionError} when `model` is none, an option is unknown or has a wrong value, `target` names a file such as `mine.onnx` or
 *   `model.json`, or nothing saves to that target.
 * @throws {DataError} when the folder has other files and no model, or cannot be written.
 * @throws {WeightsError} when a weight is not finite, or exceeds the range of float16 where it is stored as such.
 * @example
 * await saveModel(model, 'models/clothes');
 * await saveModel(model, 'public/clothes', { dtype: 'uint8' }); // less than a third of the size, for a page to download
 */
export async function saveModel(
  model: LayersModel,
  target: string | tf.io.IOHandler,
  options: models.SaveModelOptions = {},
): Promise<void> {
  checkModel('saveModel', model);
  checkOptions('saveModel', options, SAVE_MODEL_RULES);
  if (typeof target !== 'string' || isUrl(target)) {
    await models.saveModel(model, target, options);
    return;
  }
  const folder = modelTarget(target);
  await refuseOthersFiles(folder);
  await models.saveModel(
    model,
    {
      async save(artifacts) {
        await writeModel(folder, artifacts);
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      },
    },
    options,
  );
}

const modelSource = either(
  text,
  rule<tf.io.IOHandler | ArrayLike<File>>(
    'files, or a handler that can load,',
    (value) =>
      Array.isArray(value) ||
      (typeof FileList !== 'undefined' && value instanceof FileList) ||
      typeof (value as Partial<tf.io.IOHandler> | null | undefined)?.load === 'function',
  ),
);

/**
 * Loads a layers model of TensorFlow.js; the caller disposes it.
 *
 * Opens models of {@link saveModel} with this library's layers, any other model of TensorFlow.js as it is, exports of Teachable Machine
 * with their class names, and models of Keras 2 and 3 converted by `tensorflowjs_converter`, which are translated: layers that only act in
 * training (RandomFlip and the like) become the identity.
 *
 * Starts a backend where none is ready.
 *
 * @param source - A folder, the path of its `model.json`, a URL, `File` objects or a TensorFlow.js load handler.
 * @throws {OptionError} when `source` is none of these, an option is unknown or has a wrong value, or the model takes no such
 *   normalization.
 * @throws {DataError} when there is no model, or one with a layer that TensorFlow.js does not have. {@link WeightsError} when its weights
 *   are missing
 * or truncated, or are named outside its folder.
 * @example
 * const model = await loadModel('models/clothes');
 * const teachable = await loadModel('teachable-machine-export', { normalization: { mean: 127 / 255, std: 127 / 255 } });
 */
export async function loadModel(
  source: string | tf.io.IOHandler | ArrayLike<File>,
  options: models.LoadModelOptions = {},
): Promise<LayersModel> {
  checkOptions('loadModel', options, LOAD_MODEL_RULES);
  check('loadModel', 'source', source, modelSource, (source as unknown) instanceof URL ? 'Pass its `href`.' : '');
  if (typeof source !== 'string' || isUrl(source)) {
    await ensureBackend();
    return models.loadModel(source, options);
  }
  if (source.startsWith('file:'))
    throw invalid('loadModel', 'source', 'the path of a folder', source, "Convert the URL with `fileURLToPath` of 'node:url'.");
  const file = await topologyFile('loadModel', source);
  const folder = path.dirname(file);
  await ensureBackend();
  return models.loadModel(
    {
      load: () =>
        readModelFiles('loadModel', {
          origin: file,
          json: () => readFile(file, 'utf8').catch(inPlainWords),
          shard: async (name) => {
            const { buffer, byteOffset, byteLength } = await readFile(path.join(folder, name)).catch(inPlainWords);
            return buffer.slice(byteOffset, byteOffset + byteLength);
          },
          metadata: () => readFile(path.join(folder, 'metadata.json'), 'utf8').catch(() => undefined),
        }),
    },
    options,
  );
}

/** TensorFlow.js has a `file:` handler in Node only with one backend. */
const isUrl = (place: string): boolean => place.includes('://') && !place.startsWith('file:');

function inPlainWords(cause: unknown): never {
  throw new Error(systemReason(cause), { cause });
}

/** The weights first, under a name that the earlier model does not use; the model.json commits both at once. */
async function writeModel(folder: string, { weightData, weightSpecs, ...rest }: tf.io.ModelArtifacts): Promise<void> {
  const before = await readdir(folder).catch((): string[] => []);
  const name = before.includes(WEIGHTS) ? `weights-${randomBytes(4).toString('hex')}.bin` : WEIGHTS;
  const earlier = before.includes(TOPOLOGY) ? await weightFilesOf(folder) : [];
  const weights = path.join(folder, name);
  try {
    const file: ModelFile = { ...rest, weightsManifest: [{ paths: [name], weights: weightSpecs ?? [] }] };
    const json = JSON.stringify(file);
    await mkdir(folder, { recursive: true });
    await replaceFile(weights, joinedWeights(weightData));
    await replaceFile(path.join(folder, TOPOLOGY), json);
  } catch (cause) {
    await rm(weights, { force: true }).catch(() => undefined);
    throw new DataError(`saveModel: expected a folder that can be written at '${folder}', received an error: ${systemReason(cause)}.`, {
      cause,
      origin: folder,
    });
  }
  await Promise.all(earlier.map((shard) => rm(path.join(folder, shard), { force: true })));
}

/** A folder with other files than a model's is somebody's, and probably not the one that was meant. */
async function refuseOthersFiles(folder: string): Promise<void> {
  const names: readonly string[] = await readdir(folder).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const reason = code === 'ENOTDIR' ? 'there is a file of that name, or on the way to it' : systemReason(cause);
    throw new DataError(`saveModel: expected a folder for \`target\`, received '${folder}': ${reason}.`, { cause, origin: folder });
  });
  if (names.includes(TOPOLOGY)) return;
  // Left over from a save that was cut off, or hidden as .gitkeep is.
  const [other] = names.filter((name) => !/^\.|^weights(-[0-9a-f]{8})?\.bin$/.test(name));
  if (other !== undefined) {
    throw new DataError(
      `saveModel: expected an empty folder or an earlier model at '${folder}', received one with '${other}' and no ${TOPOLOGY}. ` +
        `Choose another.`,
      { origin: folder },
    );
  }
}
