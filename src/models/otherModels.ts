// Recognizes files that are not layers models: graph models, weights without a model, and other JSON files found next to weights.

import type { io } from '@tensorflow/tfjs-core';
import { DataError } from '../core/index.js';

const CONVERT = '`tensorflowjs_converter --output_format=tfjs_layers_model`';

/**
 * Returns an error text, for use after "received", that describes a graph model and what to do with it; `undefined` for any other model.
 */
export function describeGraphModel({
  format,
  modelTopology,
}: { readonly [K in 'format' | 'modelTopology']?: io.ModelArtifacts[K] | undefined }): string | undefined {
  const isGraph = format === 'graph-model' || Array.isArray((modelTopology as { readonly node?: unknown } | null | undefined)?.node);
  return isGraph
    ? `a TensorFlow.js graph model, which has operations instead of layers. ` +
        `Convert the Keras model again with ${CONVERT}, or run the graph model with \`loadGraphModel\` of '@tensorflow/tfjs-converter'.`
    : undefined;
}

/**
 * Refuses artifacts that are not a layers model.
 *
 * @throws {DataError} when they are not. The message says what they are and what to do.
 */
export function refuseOtherModels(where: string, artifacts: io.ModelArtifacts): void {
  const isWeights = artifacts.modelTopology == null && artifacts.weightSpecs !== undefined;
  const other =
    describeGraphModel(artifacts) ??
    (isWeights ? 'its weights alone. Build the network, for example with efficientNet, and give this file to `loadWeights`.' : undefined);
  if (other !== undefined) throw new DataError(`${where}: expected a layers model of TensorFlow.js, received ${other}`);
}

/** Returns an error text that describes a JSON file that is not a model.json, with a remedy; `undefined` for a model.json. */
export function describeOtherJson(json: unknown): string | undefined {
  const { weightsManifest, modelTopology, weight_map: map, class_name: className } = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(weightsManifest) || (typeof modelTopology === 'object' && modelTopology !== null)) return undefined;
  if (typeof map === 'object' && map !== null) {
    return (
      `the index of sharded weights (${String(Object.values(map).flat()[0])}, ...). ` +
      `Build the network, for example with efficientNet, and load the weights with \`loadWeights\``
    );
  }
  if (typeof className === 'string')
    return `the configuration of a Keras model without its weights. Convert the file of the whole model with ${CONVERT}`;
  return 'a JSON file that is not the model.json of a model';
}
