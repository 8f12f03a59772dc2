// Models to and from TensorFlow.js' own format.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { DataError, invalid, isEffnetError } from '../core/index.js';
import { BatchNormalization, requireBackend, SeededDropout } from '../layers/index.js';
import { checkFiniteWeights } from './checkFiniteWeights.js';
import { metadataOf, setMetadata } from './metadata.js';
import { modelFromArtifacts } from './modelFromArtifacts.js';

/**
 * Saves a model in TensorFlow.js' format under standard class names, so that plain TensorFlow.js opens it too; plan and class names go along.
 *
 * @param target - A URL such as `indexeddb://name` or `downloads://name`, or a TensorFlow.js save handler.
 * @throws {OptionError} when nothing saves to that URL. {@link WeightsError} when a weight is not finite.
 * @example
 * await saveModel(model, 'indexeddb://clothes');
 */
export async function saveModel(model: tfl.LayersModel, target: string | tf.io.IOHandler): Promise<void> {
  const handler = typeof target === 'string' ? only('saveModel', target, tf.io.getSaveHandlers(target)) : target;
  await checkFiniteWeights('saveModel', model);
  // The mark by which loadModel knows a model composed of blocks by hand.
  if (metadataOf(model) === undefined && model.layers.some(isOwnLayer)) setMetadata(model, { format: 1 });
  await model.save(handler);
}

/**
 * Loads a model saved by {@link saveModel} with this library's layers, or any TensorFlow.js layers model as it is; the caller disposes it.
 *
 * @param source - A URL such as `indexeddb://name`, `https://.../model.json` or, on a page, `/models/mine/model.json`; or a TensorFlow.js load handler.
 * @throws {OptionError} when nothing loads from that URL.
 * @throws {DataError} when it holds no model. {@link WeightsError} when its weights are truncated.
 * @throws {BackendError} when no backend is ready: call `await selectBackend()` first.
 * @example
 * const model = await loadModel('indexeddb://clothes');
 */
export async function loadModel(source: string | tf.io.IOHandler): Promise<tfl.LayersModel> {
  requireBackend('loadModel');
  const handler = typeof source === 'string' ? only('loadModel', source, tf.io.getLoadHandlers(onThisPage(source))) : source;
  if (handler.load === undefined) throw invalid('loadModel', 'source', 'a handler that can load', source);
  let artifacts: tf.io.ModelArtifacts;
  try {
    artifacts = await handler.load();
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    throw new DataError(`loadModel: expected a saved model at ${typeof source === 'string' ? `'${source}'` : 'the handler'}, received an error: ${String(cause)}.`, { cause });
  }
  return modelFromArtifacts('loadModel', artifacts);
}

function only(where: string, url: string, handlers: readonly tf.io.IOHandler[]): tf.io.IOHandler {
  const [handler] = handlers;
  if (handler === undefined) {
    throw invalid(where, 'url', 'a URL TensorFlow.js can handle here', url, 'In Node, import from effnet-ts/node and give a folder.');
  }
  return handler;
}

/** TensorFlow.js fetches whole URLs only: a relative one is resolved as `fetch` would, where there is a page or worker. */
function onThisPage(url: string): string {
  if (/^[\w+.-]+:/.test(url)) return url;
  const { document: page, location: place } = globalThis as { document?: Document; location?: Location };
  const base = page?.baseURI ?? place?.href;
  return base !== undefined && /^https?:/.test(base) ? new URL(url, base).href : url;
}

function isOwnLayer(layer: tfl.layers.Layer): boolean {
  return layer instanceof BatchNormalization || layer instanceof SeededDropout;
}
