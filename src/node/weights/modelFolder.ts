// Saves and loads models as folders with model.json and weights.bin, the format of TensorFlow.js.

import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, either, invalid, rule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import * as models from '../../models/index.js';
import { checkModel, SAVE_MODEL_RULES, LOAD_MODEL_RULES, readModelFiles, type ModelFile, joinedWeights } from '../../models/internal.js';
import { modelTarget } from './modelTarget.js';
import { ensureBackend } from '../backends/index.js';
import { namesIn, replaceFile, systemReason } from '../files/internal.js';
import { TOPOLOGY, topologyFile, weightFilesOf } from './topologyFile.js';

const WEIGHTS = 'weights.bin';

/**
 * Saves a model, with its plan and class names, to a folder that TensorFlow.js can open (`model.json`, `weights.bin`).
 *
 * An earlier model in the folder is replaced as a whole, and kept if saving fails. Other files in the folder are kept.
 *
 * @param target - A folder, or a TensorFlow.js save handler. Missing folders are created.
 * @throws {OptionError} when `model` is not a model, an option is unknown or has a wrong value, `target` is the name of a file such as
 *   `mine.onnx` or `model.json`, or no save handler supports it.
 * @throws {DataError} when the folder contains other files and no model, or cannot be written.
 * @throws {WeightsError} when a weight is not finite, or exceeds the range of float16 with `dtype: 'float16'`.
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
  const folder = modelTarget('saveModel', 'target', target);
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
 * Loads a layers model of TensorFlow.js. The caller must dispose it.
 *
 * Supports models of {@link saveModel}, other layers models of TensorFlow.js, exports of Teachable Machine with their class names, and
 * models of Keras 2 and 3 that were converted with `tensorflowjs_converter`. In converted models, layers that only act in training (such as
 * RandomFlip) become the identity.
 *
 * Starts a backend if none is ready.
 *
 * @param source - A folder, the path of its `model.json`, a URL, `File` objects or a TensorFlow.js load handler.
 * @throws {OptionError} when `source` is none of these, an option is unknown or has a wrong value, or `normalization` does not fit the
 *   model.
 * @throws {DataError} when there is no model, or it has a layer that TensorFlow.js does not have. {@link WeightsError} when its weights are
 *   missing, truncated, or outside its folder.
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

/** A `file:` URL does not count, because TensorFlow.js can open these only with the backend 'tensorflow'. */
const isUrl = (place: string): boolean => place.includes('://') && !place.startsWith('file:');

function inPlainWords(cause: unknown): never {
  throw new Error(systemReason(cause), { cause });
}

/** Writes the weights first, under a name that the earlier model does not use. Replacing model.json then switches to the new model. */
async function writeModel(folder: string, { weightData, weightSpecs, ...rest }: tf.io.ModelArtifacts): Promise<void> {
  const before = await readdir(folder).catch((): string[] => []);
  const name = before.includes(WEIGHTS) ? `weights-${randomBytes(4).toString('hex')}.bin` : WEIGHTS;
  const earlier = before.includes(TOPOLOGY) ? await weightFilesOf(folder) : [];
  const weights = path.join(folder, name);
  try {
    const file: ModelFile = { ...rest, weightsManifest: [{ paths: [name], weights: weightSpecs ?? [] }] };
    const json = JSON.stringify(file);
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

/** Refuses a folder that contains other files and no model, because it is probably not the one that was meant. */
async function refuseOthersFiles(folder: string): Promise<void> {
  const names = await namesIn('saveModel', 'target', folder);
  if (names.includes(TOPOLOGY)) return;
  // Hidden files such as .gitkeep, and weights left behind by a save that was killed, are fine.
  const [other] = names.filter((name) => !/^\.|^weights(-[0-9a-f]{8})?\.bin$/.test(name));
  if (other !== undefined) {
    throw new DataError(
      `saveModel: expected an empty folder or an earlier model at '${folder}', received one with '${other}' and no ${TOPOLOGY}. ` +
        `Choose another.`,
      { origin: folder },
    );
  }
}
