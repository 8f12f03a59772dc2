// Translates a model serialized by Keras 2 or 3 and its connections to the form TensorFlow.js reads. The layers are translated in
// kerasLayers.ts.

import { DataError } from '../core/index.js';
import { constantArithmetic, nodesOf, type Inbound, type Node } from './kerasNodes.js';
import { translateLayer, type LayerContext, type LayerForm } from './kerasLayers.js';
import type { SavedLayer, SavedTopology } from './savedTopology.js';

/** Data from the model file, besides the topology, that the translation needs. */
export interface KerasFile extends Pick<LayerContext, 'where' | 'isKeras3'> {
  /** Returns the values of a weight by its name in the model, for example `normalization/mean`. */
  readonly weight: (name: string) => readonly number[] | undefined;
  /** Returns the shape of a weight by its name in the model. */
  readonly shape: (name: string) => readonly number[] | undefined;
}

/**
 * Translates a model and the models nested in it.
 *
 * @throws {DataError} when TensorFlow.js has no such layer or would compute a different result.
 */
export function translateModel(model: SavedTopology, file: KerasFile): SavedTopology {
  const { config } = model;
  const layers = layersOf(model);
  const name = nameOf(model);
  if (layers === undefined) {
    throw new DataError(
      `${file.where}: expected a Sequential or a functional model, received the class '${model.class_name}' without layers. ` +
        `Build the same network with Keras' functional API, and convert that.`,
    );
  }
  if (model.class_name === 'Sequential') {
    const channels = channelsOf(layers, file.shape);
    const parts = layers.flatMap((layer, i) => expand(layer, file, () => channels(layers[i - 1])));
    return { class_name: 'Sequential', config: { ...(name === undefined ? {} : { name }), layers: parts.map(({ form }) => form) } };
  }
  return { class_name: 'Functional', config: { ...(name === undefined ? {} : { name }), ...functional(config, layers, file) } };
}

/** A translated layer. If one Keras layer became several, they are connected by name. */
interface Part {
  readonly form: SavedLayer;
  readonly name: string;
}

function expand(layer: SavedLayer, file: KerasFile, channels: () => number | undefined, nodes: readonly Node[] = []): Part[] {
  const name = nameOf(layer) ?? layer.class_name.toLowerCase();
  if (isModel(layer)) return [{ form: { ...translateModel(layer, file), name }, name }];
  const context: LayerContext = { ...file, name, channels, weight: (weight) => file.weight(`${name}/${weight}`) };
  const arithmetic = constantArithmetic(layer, nodes, context);
  const forms: readonly LayerForm[] = arithmetic === undefined ? translateLayer(layer, context) : [arithmetic];
  return forms.map((form, i) => {
    const own = i === 0 ? name : `${name}_${form.class_name.toLowerCase()}_${i}`;
    return { form: { ...form, name: own, config: { ...form.config, name: own } }, name: own };
  });
}

function functional(config: SavedLayer['config'], layers: readonly SavedLayer[], file: KerasFile): Record<string, unknown> {
  const channels = channelsOf(layers, file.shape);
  const translated = layers.map((layer) => {
    const nodes = nodesOf(layer, file.where);
    const source = nodes[0]?.inputs[0]?.[0];
    return {
      nodes,
      parts: expand(layer, file, () => channels(layers.find((other) => nameOf(other) === source)), nodes),
      name: nameOf(layer),
    };
  });
  // Layers that read a Keras layer now read the last of its parts. The first call of a nested model is its own construction, which Keras
  // 3 does not count.
  const ends = new Map(translated.map(({ name, parts }) => [name, parts.at(-1)?.name]));
  const models = new Set(file.isKeras3 ? layers.filter(isModel).map(nameOf) : []);
  const rewire = ([source, node, tensor]: Inbound): Inbound => [
    ends.get(source) ?? source,
    models.has(source) ? node + 1 : node,
    tensor,
    {},
  ];
  return {
    layers: translated.flatMap(({ nodes, parts }) =>
      parts.map(({ form }, i) => ({
        ...form,
        inbound_nodes: nodes.map((node, at) => (i === 0 ? node.inputs.map(rewire) : [[parts[i - 1]?.name, at, 0, {}]])),
      })),
    ),
    input_layers: endsOf(config['input_layers']).map(([name, node, tensor]) => [name, node, tensor]),
    output_layers: endsOf(config['output_layers']).map((end) => rewire(end).slice(0, 3)),
  };
}

/** Inputs or outputs of a model. Keras 3 writes `['input', 0, 0]` for a single one. Otherwise this is a list, or an object by name. */
function endsOf(value: unknown): Inbound[] {
  if (Array.isArray(value) && typeof value[0] === 'string') return [value as unknown as Inbound];
  return Object.values(value as Record<string, unknown>).flatMap(endsOf);
}

/** Returns a function from a layer to its number of output channels, or `undefined` if weights and configuration do not determine it. */
function channelsOf(layers: readonly SavedLayer[], shape: KerasFile['shape']): (layer: SavedLayer | undefined) => number | undefined {
  const find = (name: string | undefined): SavedLayer | undefined => layers.find((layer) => nameOf(layer) === name);
  const channels = (layer: SavedLayer | undefined): number | undefined => {
    if (layer === undefined) return undefined;
    const inner = layersOf(layer);
    if (inner !== undefined) {
      const end =
        layer.class_name === 'Sequential'
          ? inner.at(-1)
          : inner.find((candidate) => nameOf(candidate) === endsOf(layer.config['output_layers'])[0]?.[0]);
      return channelsOf(inner, shape)(end);
    }
    const own = ['kernel', 'pointwise_kernel', 'gamma']
      .map((weight) => shape(`${String(nameOf(layer))}/${weight}`)?.at(-1))
      .find((length) => length !== undefined);
    if (own !== undefined) return own;
    const depthwise = shape(`${String(nameOf(layer))}/depthwise_kernel`);
    if (depthwise !== undefined) return (depthwise[2] ?? 1) * (depthwise[3] ?? 1);
    const input = (layer.config['batch_shape'] ?? layer.config['batch_input_shape']) as readonly (number | null)[] | undefined;
    if (input !== undefined) return input.at(-1) ?? undefined;
    const before = nodesOf(layer, '')[0]?.inputs.map(([source]) => channels(find(source))) ?? [channels(layers[layers.indexOf(layer) - 1])];
    return layer.class_name === 'Concatenate'
      ? before.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0)
      : before[0];
  };
  return channels;
}

function isModel(layer: SavedLayer): boolean {
  return layersOf(layer) !== undefined;
}

function layersOf({ config }: SavedLayer): readonly SavedLayer[] | undefined {
  return Array.isArray(config) ? (config as SavedLayer[]) : config.layers;
}

function nameOf({ name, config }: SavedLayer): string | undefined {
  return config.name ?? name;
}
