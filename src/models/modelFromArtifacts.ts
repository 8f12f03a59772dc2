// TensorFlow.js' saved form of a model, in memory: what files, browser storage and folding share.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { BatchNormalization, FusedConvolution, SeededDropout, SwishActivation } from '../layers/index.js';

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

/** Builds a model from its saved form; one that carries this library's metadata gets this library's layers back. */
export async function modelFromArtifacts(where: string, artifacts: tf.io.ModelArtifacts): Promise<tfl.LayersModel> {
  checkWeights(where, artifacts);
  const metadata = artifacts.userDefinedMetadata as { readonly effnet?: { readonly folded?: boolean } } | undefined;
  if (metadata?.effnet === undefined) return tfl.loadLayersModel(tf.io.fromMemory(artifacts));
  for (const own of OWN_CLASSES) tf.serialization.registerClass(own);
  const folded = metadata.effnet.folded === true;
  const saved = artifacts.modelTopology as SavedTopology & { model_config?: SavedTopology };
  return tfl.loadLayersModel(tf.io.fromMemory({ ...artifacts, modelTopology: adopt(saved.model_config ?? saved, folded) as object }));
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
