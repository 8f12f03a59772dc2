// Builds a layers model from its saved form in memory. Loading from files, loading from browser storage and folding all use it.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { DataError, isEffnetError, OptionError, WeightsError } from '../core/index.js';
import { invalid, show, showShape } from '../core/internal.js';
import { storedPreprocessing } from '../image/internal.js';
import { BatchNormalization, FusedConvolution, SeededDropout, SwishActivation } from '../layers/internal.js';
import { planFor } from '../scaling/internal.js';
import type { Normalization } from '../scaling/index.js';
import { checkLayers } from './checkLayers.js';
import { checkTopology } from './checkTopology.js';
import { fromKeras, isFromKeras } from './fromKeras.js';
import { normalizeInput } from './inputNormalization.js';
import { modelConfig } from './kerasWeightNames.js';
import { classNamesOf, fitsInput, metadataOf, type ModelMetadata } from './metadata.js';
import { refuseOtherModels } from './otherModels.js';
import { releaseNested } from './releaseNested.js';
import type { SavedLayer, SavedTopology } from './savedTopology.js';
import { specBytes } from './storedWeights.js';

const OWN_CLASSES = [BatchNormalization, FusedConvolution, SeededDropout, SwishActivation] as const;

/**
 * Builds a model from its saved form. Models with this library's metadata and models from Keras get this library's layer classes.
 *
 * @param normalization - Normalization added in front of the model, which then takes pixels in [0, 255].
 * @throws {WeightsError} when weights are missing or do not belong to the model. {@link DataError} when the artifacts are not a layers
 *   model, or the model has a layer that TensorFlow.js does not have. {@link OptionError} when the normalization does not fit the model.
 */
export async function modelFromArtifacts(
  where: string,
  artifacts: tf.io.ModelArtifacts,
  normalization?: Normalization,
): Promise<tfl.LayersModel> {
  try {
    refuseOtherModels(where, artifacts);
    checkWeights(where, artifacts);
    const usual = isFromKeras(artifacts) ? withMetadata(await fromKeras(where, artifacts), {}) : artifacts;
    checkTopology(where, usual.modelTopology, longestAxis(usual));
    checkLayers(where, usual.modelTopology);
    const model: unknown = await tfl.loadLayersModel(
      tf.io.fromMemory(
        withOwnLayers(normalization === undefined || normalization === 'none' ? usual : normalized(where, usual, normalization)),
      ),
    );
    if (!(model instanceof tfl.LayersModel)) throw new TypeError('it describes a layer, not a model');
    releaseNested(model);
    checkClassNames(where, model);
    checkPreprocessing(where, model);
    return model;
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    throw new DataError(
      `${where}: expected a layers model of TensorFlow.js, received one that cannot be built: ${String(cause).slice(0, 400)}. ` +
        `The file is damaged, or of another kind.`,
      { cause },
    );
  }
}

/** A single sigmoid output has two classes. */
function checkClassNames(where: string, model: tfl.LayersModel): void {
  const names = classNamesOf(model);
  const outputs = model.outputs[0]?.shape.at(-1);
  if (names === undefined || names.length === outputs || (outputs === 1 && names.length === 2)) return;
  model.dispose();
  throw new DataError(
    `${where}: expected ${String(outputs)} class names, one per output, received ${names.length}. They belong to another model: ` +
      `correct or remove the metadata.json beside the model.`,
  );
}

function checkPreprocessing(where: string, model: tfl.LayersModel): void {
  const record = metadataOf(model)?.preprocessing;
  if (record === undefined) return;
  try {
    const { inputSize } = storedPreprocessing(where, 'the model', record);
    if (fitsInput(model, inputSize)) return;
    throw new DataError(
      `${where}: expected the input size of the model's own preprocessing for an input ` +
        `${showShape(model.inputs[0]?.shape ?? [])}, received [${inputSize.join(', ')}]. The metadata belongs to another model.`,
    );
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function normalized(where: string, artifacts: tf.io.ModelArtifacts, normalization: Normalization): tf.io.ModelArtifacts {
  const { variant, options, normalization: earlier } = metadataIn(artifacts) ?? {};
  if (variant !== undefined && planFor(where, variant, options ?? {}).normalization !== 'none') {
    throw new OptionError(
      `${where}: expected a model that does not normalize pixels itself with \`normalization\`, received one of efficientNet, ` +
        `which does. Leave the option out.`,
    );
  }
  if (earlier !== undefined)
    throw invalid(
      where,
      'normalization',
      'none',
      normalization,
      'The model was loaded with one before it was saved. The saved model contains it.',
    );
  const topology = normalizeInput(where, modelConfig(artifacts.modelTopology) as SavedTopology, normalization);
  return withMetadata({ ...artifacts, modelTopology: topology }, { normalization });
}

function metadataIn({ userDefinedMetadata }: tf.io.ModelArtifacts): ModelMetadata | undefined {
  return (userDefinedMetadata as { readonly effnet?: ModelMetadata | undefined } | undefined)?.effnet;
}

/** Adds metadata entries. The metadata marks the model as one that uses this library's layer classes, also after saving and loading. */
function withMetadata(artifacts: tf.io.ModelArtifacts, entries: Partial<ModelMetadata>): tf.io.ModelArtifacts {
  const effnet = { format: 1, ...metadataIn(artifacts), ...entries };
  return { ...artifacts, userDefinedMetadata: { ...artifacts.userDefinedMetadata, effnet } };
}

function withOwnLayers(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  const metadata = metadataIn(artifacts);
  if (metadata === undefined) return artifacts;
  for (const own of OWN_CLASSES) tf.serialization.registerClass(own);
  return { ...artifacts, modelTopology: adopt(modelConfig(artifacts.modelTopology) as SavedTopology, metadata.folded === true) };
}

/** Returns a copy in which layers have this library's classes where it fixes a bug or, for inference, fuses operations. */
function adopt(layer: SavedLayer, folded: boolean): SavedLayer {
  if (Array.isArray(layer.config))
    return { ...layer, config: (layer.config as SavedLayer[]).map((inner) => adopt(inner, folded)) as unknown as SavedLayer['config'] };
  const { layers } = layer.config;
  const config = layers === undefined ? layer.config : { ...layer.config, layers: layers.map((inner) => adopt(inner, folded)) };
  if (folded && FusedConvolution.replaces(layer.class_name, config)) {
    return { ...layer, class_name: FusedConvolution.className, config: { ...config, depthwise: layer.class_name === 'DepthwiseConv2D' } };
  }
  return { ...layer, class_name: ownClassOf(layer), config };
}

function ownClassOf({ class_name: name, config }: SavedLayer): string {
  // The channels of an image are the last axis, which is axis 3.
  if (name === 'BatchNormalization' && [-1, 3].includes(Number(config['axis'] ?? -1))) return BatchNormalization.className;
  if (name === 'Dropout') return SeededDropout.className;
  return name === 'Activation' && config['activation'] === 'swish' ? SwishActivation.className : name;
}

function checkWeights(where: string, { weightSpecs, weightData }: tf.io.ModelArtifacts): void {
  if (weightSpecs === undefined || weightData === undefined) return;
  const misfit = weightSpecs.find((spec) => !isShape((spec as Partial<tf.io.WeightsManifestEntry> | null)?.shape));
  if (misfit !== undefined)
    throw new WeightsError(`${where}: expected every weight to have a shape, received ${show(misfit)}. The file is damaged.`);
  const expected = weightSpecs.reduce((bytes, spec) => bytes + specBytes(spec), 0);
  const received = Array.isArray(weightData) ? weightData.reduce((bytes, part) => bytes + part.byteLength, 0) : weightData.byteLength;
  if (expected !== received) {
    throw new WeightsError(
      `${where}: expected ${expected} bytes of weights, received ${received}. The weight file is truncated or belongs to another model.`,
    );
  }
}

const isShape = (value: unknown): boolean =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && (length as number) >= 0);

/** Limits the size of layers, because TensorFlow.js builds a layer and allocates its memory before it sets the weights. */
function longestAxis({ weightSpecs, weightData }: tf.io.ModelArtifacts): number {
  return weightSpecs === undefined || weightData === undefined
    ? Infinity
    : weightSpecs.flatMap(({ shape }) => shape).reduce((a, b) => Math.max(a, b), 1);
}
