// Models from files of TensorFlow.js: this library's, converted ones of Keras, and those of Teachable Machine.

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
   * How pixels in [0, 255] become the input of a model that takes others: `{ mean: 0.5, std: 0.5 }` for [-1, 1], as MobileNet has it;
   * `{ mean: 127 / 255, std: 127 / 255 }` for Teachable Machine; `{ mean: 0, std: 1 }` for [0, 1]. It becomes the model's first layer and
   * is saved with it.
   * @defaultValue the model takes [0, 255]
   */
  readonly normalization?: Normalization | undefined;
}

/** Rules of the options of {@link loadModel}. */
export const LOAD_MODEL_RULES = { normalization } as const;

/**
 * Loads a layers model of TensorFlow.js; the caller disposes it.
 *
 * Opens models of {@link saveModel} with this library's layers, any other model of TensorFlow.js as it is, exports of Teachable Machine
 * with their class names, and models of Keras 2 and 3 converted by `tensorflowjs_converter`, which are translated: layers that only act in
 * training (RandomFlip and the like) become the identity.
 *
 * @param source - A URL such as `indexeddb://name`, `https://.../model.json` or, on a page, `/models/mine/model.json`; the `File` objects a
 *   person
 * chose, model.json and weights; or a TensorFlow.js load handler.
 * @throws {OptionError} when nothing loads from that URL, or the model takes no such normalization.
 * @throws {DataError} when it holds no model, or one with a layer that TensorFlow.js does not have. {@link WeightsError} when its weights
 *   are missing
 * or truncated, or are named outside its folder.
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

/** TensorFlow.js fetches whole URLs only: a relative one is resolved as `fetch` would, where there is a page or worker. */
function onThisPage(url: string): string {
  if (/^[\w+.-]+:/.test(url)) return url;
  const { document: page, location: place } = globalThis as { document?: Document | undefined; location?: Location | undefined };
  const base = page?.baseURI ?? place?.href;
  return base !== undefined && /^https?:/.test(base) ? new URL(url, base).href : url;
}
