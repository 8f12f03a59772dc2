// What is no layers model, by name: graph models, weights alone, and the other JSON files that lie beside weights.

import type { io } from '@tensorflow/tfjs-core';
import { DataError } from '../core/index.js';

const CONVERT = '`tensorflowjs_converter --output_format=tfjs_layers_model`';

/** What a graph model is and what to do with it, after "received"; `undefined` for any other model. */
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
 * Refuses artifacts of another kind than a layers model.
 *
 * @throws {DataError} saying what they are and what to do.
 */
export function refuseOtherModels(where: string, artifacts: io.ModelArtifacts): void {
  const isWeights = artifacts.modelTopology == null && artifacts.weightSpecs !== undefined;
  const other =
    describeGraphModel(artifacts) ??
    (isWeights ? 'its weights alone. Build the network, for example with efficientNet, and give this file to `loadWeights`.' : undefined);
  if (other !== undefined) throw new DataError(`${where}: expected a layers model of TensorFlow.js, received ${other}`);
}

/** What a JSON file is that is not the model.json of a model, with what to do; `undefined` for a model.json. */
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
