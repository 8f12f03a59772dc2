// Loads layers models from TensorFlow.js files. It supports this library's models, converted Keras models and Teachable Machine exports.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, rule } from '../core/internal.js';
import { DataError, isEffnetError } from '../core/index.js';
import { requireBackend } from '../backends/internal.js';
import { checkNormalization, normalization } from '../scaling/internal.js';
import type { Normalization } from '../scaling/index.js';
import { modelFromArtifacts } from './modelFromArtifacts.js';
import { filesAmong, filesAt } from './modelSources.js';
import { onlyHandler } from './onlyHandler.js';
import { readModelFiles } from './readModelFiles.js';
import { reasonOf } from './reasonOf.js';

/** Options of {@link loadModel}. */
export interface LoadModelOptions {
  /**
   * How pixels in [0, 255] are normalized for a model that expects another range: `{ mean: 0.5, std: 0.5 }` for [-1, 1], as in MobileNet;
   * `{ mean: 127 / 255, std: 127 / 255 }` for Teachable Machine; `{ mean: 0, std: 1 }` for [0, 1]. The normalization becomes the first
   * layer of the model and is saved with it.
   * @defaultValue none: the model must take pixels in [0, 255]
   */
  readonly normalization?: Normalization | undefined;
}

/** Validation rules of {@link LoadModelOptions}. */
export const LOAD_MODEL_RULES = { normalization } as const;

/**
 * Loads a TensorFlow.js layers model. The caller must dispose it.
 *
 * Loads models saved by {@link saveModel}, any other TensorFlow.js layers model, Teachable Machine exports with their class names, and
 * models of Keras 2 and 3 converted by `tensorflowjs_converter`. In Keras models, layers that only act during training (such as
 * RandomFlip) become the identity.
 *
 * @param source - A URL such as `indexeddb://name`, `https://.../model.json` or, on a web page, `/models/mine/model.json`; the `File`
 *   objects that a user selected (model.json and the weight files); or a TensorFlow.js load handler.
 * @throws {OptionError} when no handler supports the URL, or the normalization does not fit the model.
 * @throws {DataError} when the source contains no model, or a layer that TensorFlow.js does not have.
 * @throws {WeightsError} when weights are missing or truncated, or are stored outside the folder of the model.json.
 * @throws {BackendError} when no backend is ready: call `await selectBackend()` first.
 * @example
 * const model = await loadModel('indexeddb://clothes');
 */
export async function loadModel(
  source: string | tf.io.IOHandler | ArrayLike<File>,
  options: LoadModelOptions = {},
): Promise<tfl.LayersModel> {
  check('loadModel', 'source', source, modelSource);
  checkOptions('loadModel', options, LOAD_MODEL_RULES);
  if (options.normalization !== undefined) checkNormalization('loadModel', options.normalization, null);
  requireBackend('loadModel');
  let artifacts: tf.io.ModelArtifacts;
  try {
    artifacts = await readSource(source);
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    throw new DataError(
      `loadModel: expected a saved model at ${typeof source === 'string' ? `'${source}'` : 'the handler'}, received an error: ` +
        `${reasonOf(cause)}.`,
      { cause },
    );
  }
  return modelFromArtifacts('loadModel', artifacts, options.normalization);
}

const file = rule<File>(
  'a file',
  (value) => typeof (value as Partial<File> | null | undefined)?.name === 'string' && typeof (value as Partial<File>).text === 'function',
);
const modelSource = rule<string | tf.io.IOHandler | ArrayLike<File>>(
  'a URL, files or a handler that can load',
  (value) =>
    typeof value === 'string' ||
    (isFiles(value)
      ? arrayOf(file).accepts(Array.from(value))
      : typeof (value as Partial<tf.io.IOHandler> | null | undefined)?.load === 'function'),
);

async function readSource(source: string | tf.io.IOHandler | ArrayLike<File>): Promise<tf.io.ModelArtifacts> {
  if (typeof source === 'string') {
    const url = onThisPage(source);
    return /^https?:/.test(url)
      ? readModelFiles('loadModel', filesAt(url))
      : load(onlyHandler('loadModel', 'source', source, tf.io.getLoadHandlers(url)));
  }
  return isFiles(source) ? readModelFiles('loadModel', filesAmong('loadModel', Array.from(source))) : load(source);
}

async function load(handler: tf.io.IOHandler): Promise<tf.io.ModelArtifacts> {
  if (handler.load === undefined) throw new DataError('the handler cannot load');
  return handler.load();
}

function isFiles(source: unknown): source is ArrayLike<File> {
  return Array.isArray(source) || (typeof FileList !== 'undefined' && source instanceof FileList);
}

/** Resolves a relative URL as `fetch` would on a page or in a worker. TensorFlow.js fetches only absolute URLs. */
function onThisPage(url: string): string {
  if (/^[\w+.-]+:/.test(url)) return url;
  const { document: page, location: place } = globalThis as { document?: Document | undefined; location?: Location | undefined };
  const base = page?.baseURI ?? place?.href;
  return base !== undefined && /^https?:/.test(base) ? new URL(url, base).href : url;
}
