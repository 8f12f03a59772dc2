// TensorFlow.js' saved form of a model, in memory: what files, browser storage and folding share.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { BatchNormalization, SeededDropout } from '../layers/index.js';

/** A layer in a saved topology; a model nested in another is one too. */
export interface SavedLayer {
  class_name: string;
  name?: string;
  config: Record<string, unknown> & { name?: string; layers?: SavedLayer[] };
  inbound_nodes?: unknown[];
}

/** A saved topology of this library's model. */
export type SavedTopology = SavedLayer;

const OWN_CLASSES: Readonly<Record<string, string>> = {
  BatchNormalization: BatchNormalization.className,
  Dropout: SeededDropout.className,
};

/** Builds a model from its saved form; one that carries this library's metadata gets this library's layers back. */
export async function modelFromArtifacts(where: string, artifacts: tf.io.ModelArtifacts): Promise<tfl.LayersModel> {
  checkWeights(where, artifacts);
  const metadata = artifacts.userDefinedMetadata as { readonly effnet?: unknown } | undefined;
  if (metadata?.effnet === undefined) return tfl.loadLayersModel(tf.io.fromMemory(artifacts));
  tf.serialization.registerClass(BatchNormalization);
  tf.serialization.registerClass(SeededDropout);
  const saved = artifacts.modelTopology as SavedTopology & { model_config?: SavedTopology };
  return tfl.loadLayersModel(tf.io.fromMemory({ ...artifacts, modelTopology: adopt(saved.model_config ?? saved) as object }));
}

/** Gives the layers this library corrects its own classes; a copy. */
function adopt(layer: SavedLayer): SavedLayer {
  const { layers } = layer.config;
  const config = layers === undefined ? layer.config : { ...layer.config, layers: layers.map(adopt) };
  return { ...layer, class_name: OWN_CLASSES[layer.class_name] ?? layer.class_name, config };
}

function checkWeights(where: string, { weightSpecs, weightData }: tf.io.ModelArtifacts): void {
  if (weightSpecs === undefined || weightData === undefined) return;
  const expected = weightSpecs.reduce((bytes, spec) => bytes + byteLength(spec), 0);
  const received = Array.isArray(weightData) ? weightData.reduce((bytes, part) => bytes + part.byteLength, 0) : weightData.byteLength;
  if (expected !== received) {
    throw new WeightsError(`${where}: expected ${expected} bytes of weights, received ${received}. The weight file is truncated or belongs to another model.`);
  }
}

function byteLength({ shape, dtype, quantization }: tf.io.WeightsManifestEntry): number {
  const size = shape.reduce((product, length) => product * length, 1);
  const stored = quantization?.dtype ?? dtype;
  return size * (stored === 'uint8' || stored === 'bool' ? 1 : stored === 'uint16' || stored === 'float16' ? 2 : 4);
}
