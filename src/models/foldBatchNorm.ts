// Speeds up inference by merging batch normalization and ReLU into the preceding convolutions.

import type * as tfl from '@tensorflow/tfjs-layers';
import { BatchNormalization } from '../layers/internal.js';
import { requireBackend } from '../backends/internal.js';
import { checkModel } from './checkModel.js';
import { metadataOf } from './metadata.js';
import { modelFromArtifacts } from './modelFromArtifacts.js';
import type { SavedLayer, SavedTopology } from './savedTopology.js';

/** A weight of the folded model. */
interface FoldedWeight {
  readonly name: string;
  readonly shape: number[];
  readonly values: Float32Array;
}

/** A reference to a layer's output in a saved topology: `[layer, node, tensor, arguments]`. */
type Inbound = [string, number, number, ...unknown[]];

/** The layers that are merged into one convolution. */
interface Fold {
  readonly norm: BatchNormalization | undefined;
  /** The saved `Activation` layer, if any. */
  readonly activation: SavedLayer | undefined;
}

/** Activations that backends can compute as part of a convolution. */
const FUSABLE = /^relu6?$/;

/**
 * Returns a faster copy of a model for inference, with BatchNormalization, bias and ReLU folded into the preceding convolutions.
 *
 * The predictions stay the same. The original model is not changed, and the caller must dispose both. The copy cannot be trained further
 * and no longer contains the folded layers: call `featureExtractor` before folding.
 *
 * @throws {OptionError} when the value is not a layers model. {@link BackendError} when no backend is ready.
 * @example
 * const fast = await foldBatchNorm(model);
 * const probabilities = fast.predict(batch);
 */
export async function foldBatchNorm(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  checkModel('foldBatchNorm', model);
  requireBackend('foldBatchNorm');
  const topology = model.toJSON(null, false) as unknown as SavedTopology;
  const folds = findFolds(model, topology);
  const folded = new Set<tfl.layers.Layer | undefined>([...folds.values()].map(({ norm }) => norm));
  const weights: FoldedWeight[] = [];
  for (const layer of model.layers) {
    const norm = folds.get(layer.name)?.norm;
    if (norm !== undefined) weights.push(...(await foldedWeights(layer, norm)));
    else if (!folded.has(layer)) weights.push(...(await weightsOf(layer)));
  }
  const metadata = metadataOf(model);
  const data = new Uint8Array(weights.reduce((bytes, { values }) => bytes + values.byteLength, 0));
  let offset = 0;
  for (const { values } of weights) {
    data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return modelFromArtifacts('foldBatchNorm', {
    modelTopology: withoutFolded(topology, folds),
    weightSpecs: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
    weightData: data.buffer,
    userDefinedMetadata: { ...model.getUserDefinedMetadata(), effnet: { format: 1, ...metadata, folded: true } },
  });
}

/** Finds the layers to merge into each convolution, by the name of the convolution. */
function findFolds(model: tfl.LayersModel, topology: SavedTopology): Map<string, Fold> {
  const layers = new Map((topology.config.layers ?? []).map((layer) => [layer.config.name ?? '', layer]));
  // The outputs of the model have a reader outside the model, so they must not be folded away.
  const readers = new Map(outputsOf(topology).map(([source]) => [source, ['']]));
  for (const [name, layer] of layers) {
    for (const [source] of inboundOf(layer)) readers.set(source, [...(readers.get(source) ?? []), name]);
  }
  const onlyReader = (name: string): SavedLayer | undefined => {
    const [reader = '', ...others] = readers.get(name) ?? [];
    return others.length === 0 ? layers.get(reader) : undefined;
  };
  const folds = new Map<string, Fold>();
  for (const [name, layer] of layers) {
    if (!/^(Depthwise)?Conv2D$/.test(layer.class_name) || layer.config['activation'] !== 'linear') continue;
    const next = model.layers.find((candidate) => candidate.name === onlyReader(name)?.config.name);
    const norm = next instanceof BatchNormalization ? next : undefined;
    const after = onlyReader(norm?.name ?? name);
    const activation = after?.class_name === 'Activation' && FUSABLE.test(String(after.config['activation'])) ? after : undefined;
    if (norm !== undefined || activation !== undefined) folds.set(name, { norm, activation });
  }
  return folds;
}

/** Computes kernel * gamma / sqrt(variance + epsilon), and (bias - mean) * gamma / sqrt(variance + epsilon) + beta. */
async function foldedWeights(layer: tfl.layers.Layer, norm: BatchNormalization): Promise<FoldedWeight[]> {
  const [kernel, bias] = await weightsOf(layer);
  const statistics = new Map((await weightsOf(norm)).map(({ name, values }) => [name.slice(name.lastIndexOf('/') + 1), values]));
  const channels = norm.weights[0]?.shape[0] ?? 0;
  const scale = new Float32Array(channels);
  const shift = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    scale[c] = (statistics.get('gamma')?.[c] ?? 1) / Math.sqrt((statistics.get('moving_variance')?.[c] ?? 1) + norm.epsilon);
    shift[c] = ((bias?.values[c] ?? 0) - (statistics.get('moving_mean')?.[c] ?? 0)) * (scale[c] ?? 1) + (statistics.get('beta')?.[c] ?? 0);
  }
  if (kernel === undefined) throw new Error(`${layer.name} has no kernel`);
  // Output channels are the last axis, [..., in, out]. In depthwise kernels they are the second to last, [..., C, 1]. Both vary fastest
  // in memory.
  const values = kernel.values.map((value, i) => value * (scale[i % channels] ?? 1));
  return [
    { ...kernel, values },
    { name: `${layer.name}/bias`, shape: [channels], values: shift },
  ];
}

async function weightsOf(layer: tfl.layers.Layer): Promise<FoldedWeight[]> {
  return Promise.all(
    layer.weights.map(async (weight) => ({
      name: weight.originalName,
      shape: weight.shape as number[],
      values: (await weight.read().data()) as Float32Array,
    })),
  );
}

function withoutFolded(topology: SavedTopology, folds: ReadonlyMap<string, Fold>): object {
  const replacement = new Map(
    [...folds].flatMap(([convolution, { norm, activation }]) =>
      [norm?.name, activation?.config.name].flatMap((name) => (name === undefined ? [] : [[name, convolution] as const])),
    ),
  );
  const rewire = ([source, ...rest]: Inbound): Inbound => [replacement.get(source) ?? source, ...rest];
  const layers = (topology.config.layers ?? []).flatMap((layer) => {
    const name = layer.config.name ?? '';
    if (replacement.has(name)) return [];
    const fold = folds.get(name);
    const config = {
      ...layer.config,
      ...(fold?.norm === undefined ? {} : { use_bias: true }),
      ...(fold?.activation === undefined ? {} : { activation: fold.activation.config['activation'] }),
    };
    return [{ ...layer, config, inbound_nodes: (layer.inbound_nodes as Inbound[][]).map((node) => node.map(rewire)) }];
  });
  return { ...topology, config: { ...topology.config, layers, output_layers: outputsOf(topology).map(rewire) } };
}

function inboundOf(layer: SavedLayer): Inbound[] {
  return ((layer.inbound_nodes ?? []) as Inbound[][]).flat();
}

function outputsOf(topology: SavedTopology): Inbound[] {
  return topology.config['output_layers'] as Inbound[];
}
