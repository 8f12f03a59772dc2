// Writes `.weights.h5` files as Keras 3 does: keras/src/saving/saving_lib.py.

import type { Group } from 'h5wasm';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { channelStatistics } from '../scaling/internal.js';
import { checkFiniteWeights, checkModel, snakeCase, variantPlanOf } from '../models/internal.js';
import { createHdf5 } from './hdf5File.js';
import { kerasLayers } from './kerasConfig.js';

/** The variables of one object of the file, and the objects inside it. */
interface WeightNode {
  readonly name: string;
  readonly variables: readonly Variable[];
  readonly layers: readonly { readonly key: string; readonly node: WeightNode }[];
}

interface Variable {
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/**
 * Writes the weights of a model as a `.weights.h5` file. `load_weights` of Keras 3 loads it into the same network.
 *
 * The Keras model can come from {@link writeKeras} or `keras.applications`. The file sets the mean and variance of the normalization
 * layer of `keras.applications` to those of the model.
 *
 * @throws {OptionError} when the value is not a layers model. `WeightsError` when the model is not functional, or a weight is not
 *   finite.
 * @example
 * await writeFile('clothes.weights.h5', await writeKerasWeights(model));
 */
export async function writeKerasWeights(model: LayersModel): Promise<Uint8Array> {
  checkModel('writeKerasWeights', model);
  return createWeights('writeKerasWeights', model, normalizationOf(model));
}

/** Writes the weights, and those of a normalization layer if there is one. */
export async function createWeights(where: string, model: LayersModel, normalization: WeightNode | null): Promise<Uint8Array> {
  await checkFiniteWeights(where, model);
  const root = await weightNode(where, model);
  const layers = normalization === null ? root.layers : [...root.layers, { key: 'normalization', node: normalization }];
  return createHdf5((file) => {
    writeNode(file, { ...root, layers });
  });
}

/**
 * Returns the weights of the normalization layer. Only Keras' networks of the first generation store them as weights; the second
 * generation has constants.
 */
function normalizationOf(model: LayersModel): WeightNode | null {
  const plan = variantPlanOf(model);
  if (plan === undefined) return null;
  const statistics = channelStatistics(plan.normalization, plan.inputShape[2]);
  const isSecond = plan.stages.some((stage) => stage.blocks.some((block) => block.spec.depthwiseName === 'dwconv2'));
  if (statistics === null || isSecond) return null;
  const vector = (values: readonly number[]): Variable => ({ shape: [values.length], values: new Float32Array(values) });
  return {
    name: 'normalization',
    layers: [],
    variables: [vector(statistics.mean), vector(statistics.std.map((std) => std ** 2)), { shape: [], values: BigInt64Array.of(0n) }],
  };
}

async function weightNode(where: string, model: LayersModel): Promise<WeightNode> {
  const counts = new Map<string, number>();
  const layers: { key: string; node: WeightNode }[] = [];
  for (const { className, layer } of kerasLayers(where, model)) {
    const kind = snakeCase(className);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const key = count === 0 ? kind : `${kind}_${count}`;
    if (isModel(layer)) layers.push({ key, node: await weightNode(where, layer) });
    else if (layer.weights.length > 0) layers.push({ key, node: await layerNode(layer) });
  }
  return { name: model.name, variables: [], layers };
}

async function layerNode(layer: LayersModel['layers'][number]): Promise<WeightNode> {
  const variables = await Promise.all(
    layer.weights.map(async (weight): Promise<Variable> => {
      const tensor = weight.read();
      return { shape: tensor.shape, values: (await tensor.data()) as Float32Array };
    }),
  );
  return { name: layer.name, variables, layers: [] };
}

function writeNode(group: Group, { name, variables, layers }: WeightNode): void {
  const vars = group.create_group('vars');
  vars.create_attribute('name', name);
  variables.forEach(({ shape, values }, i) => {
    vars.create_dataset({ name: String(i), data: values, shape: [...shape], dtype: values instanceof Float32Array ? '<f' : '<q' });
  });
  if (layers.length === 0) return;
  const parent = group.create_group('layers');
  for (const { key, node } of layers) writeNode(parent.create_group(key), node);
}

function isModel(layer: LayersModel['layers'][number]): layer is LayersModel {
  return 'layers' in layer;
}
