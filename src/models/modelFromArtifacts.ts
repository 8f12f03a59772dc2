// TensorFlow.js' saved form of a model, in memory: what files, browser storage and folding share.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { DataError, isEffnetError, show, WeightsError } from '../core/index.js';
import { BatchNormalization, FusedConvolution, SeededDropout, SwishActivation } from '../layers/index.js';
import { checkTopology } from './checkTopology.js';

/** A layer in a saved topology; a model nested in another is one too. */
export interface SavedLayer {
  class_name: string;
  name?: string;
  config: Record<string, unknown> & { name?: string; layers?: SavedLayer[] };
  inbound_nodes?: unknown[];
}

/** A saved topology of this library's model. */
export type SavedTopology = SavedLayer;

const OWN_CLASSES = [BatchNormalization, FusedConvolution, SeededDropout, SwishActivation] as const;

/**
 * Builds a model from its saved form; one that carries this library's metadata gets this library's layers back.
 *
 * @throws {WeightsError} when weights are missing, or not those of the model. {@link DataError} when the form is none of a layers model.
 */
export async function modelFromArtifacts(where: string, artifacts: tf.io.ModelArtifacts): Promise<tfl.LayersModel> {
  try {
    checkWeights(where, artifacts);
    checkTopology(where, artifacts.modelTopology, longestAxis(artifacts));
    const model: unknown = await tfl.loadLayersModel(tf.io.fromMemory(withOwnLayers(artifacts)));
    if (model instanceof tfl.LayersModel) return model;
    throw new TypeError('it describes a layer, not a model');
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    throw new DataError(`${where}: expected a layers model of TensorFlow.js, received one that cannot be built: ${String(cause)}. The file is damaged, or of another kind.`, { cause });
  }
}

function withOwnLayers(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  const metadata = artifacts.userDefinedMetadata as { readonly effnet?: { readonly folded?: boolean } } | undefined;
  if (metadata?.effnet === undefined) return artifacts;
  for (const own of OWN_CLASSES) tf.serialization.registerClass(own);
  const folded = metadata.effnet.folded === true;
  const saved = artifacts.modelTopology as SavedTopology & { model_config?: SavedTopology };
  return { ...artifacts, modelTopology: adopt(saved.model_config ?? saved, folded) };
}

/** Gives the layers this library corrects or, for inference, fuses its own classes; a copy. */
function adopt(layer: SavedLayer, folded: boolean): SavedLayer {
  const { layers } = layer.config;
  const config = layers === undefined ? layer.config : { ...layer.config, layers: layers.map((inner) => adopt(inner, folded)) };
  if (folded && FusedConvolution.replaces(layer.class_name, config)) {
    return { ...layer, class_name: FusedConvolution.className, config: { ...config, depthwise: layer.class_name === 'DepthwiseConv2D' } };
  }
  return { ...layer, class_name: ownClassOf(layer), config };
}

function ownClassOf({ class_name: name, config }: SavedLayer): string {
  if (name === 'BatchNormalization') return BatchNormalization.className;
  if (name === 'Dropout') return SeededDropout.className;
  return name === 'Activation' && config['activation'] === 'swish' ? SwishActivation.className : name;
}

function checkWeights(where: string, { weightSpecs, weightData }: tf.io.ModelArtifacts): void {
  if (weightSpecs === undefined || weightData === undefined) return;
  const misfit = weightSpecs.find((spec) => !isShape((spec as Partial<tf.io.WeightsManifestEntry> | null)?.shape));
  if (misfit !== undefined) throw new WeightsError(`${where}: expected every weight to have a shape, received ${show(misfit)}. The file is damaged.`);
  const expected = weightSpecs.reduce((bytes, spec) => bytes + byteLength(spec), 0);
  const received = Array.isArray(weightData) ? weightData.reduce((bytes, part) => bytes + part.byteLength, 0) : weightData.byteLength;
  if (expected !== received) {
    throw new WeightsError(`${where}: expected ${expected} bytes of weights, received ${received}. The weight file is truncated or belongs to another model.`);
  }
}

const isShape = (value: unknown): boolean => Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && (length as number) >= 0);

/** A layer is built, and its memory taken, before its weights are put in. */
function longestAxis({ weightSpecs, weightData }: tf.io.ModelArtifacts): number {
  return weightSpecs === undefined || weightData === undefined ? Infinity : weightSpecs.flatMap(({ shape }) => shape).reduce((a, b) => Math.max(a, b), 1);
}

function byteLength({ shape, dtype, quantization }: tf.io.WeightsManifestEntry): number {
  const size = shape.reduce((product, length) => product * length, 1);
  const stored = quantization?.dtype ?? dtype;
  return size * (stored === 'uint8' || stored === 'bool' ? 1 : stored === 'uint16' || stored === 'float16' ? 2 : 4);
}
