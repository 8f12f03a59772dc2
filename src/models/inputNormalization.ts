// Adds a layer in front of a model that does not take pixels in [0, 255], so that it does.

import { invalid, showShape } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { checkNormalization, pixelRescaling } from '../scaling/internal.js';
import type { Normalization } from '../scaling/index.js';
import type { SavedLayer, SavedTopology } from './savedTopology.js';

/** A reference to a layer's output in a saved topology. */
type Reference = [source: string, node: number, tensor: number, ...rest: unknown[]];

const NAME = 'input_rescaling';

/**
 * Inserts a layer that normalizes pixels in [0, 255] after the input of a saved model.
 *
 * @throws {OptionError} when the model's input is not one batch of images, or the normalization does not fit its channels.
 */
export function normalizeInput(where: string, topology: SavedTopology, normalization: Normalization): SavedTopology {
  const shape = inputShapeOf(topology);
  if (shape?.length !== 4 || typeof shape[3] !== 'number') {
    const received = shape === undefined ? 'another' : showShape(shape);
    throw new OptionError(
      `${where}: expected a model of one input [batch, height, width, channels] with \`normalization\`, received ${received}. ` +
        `Leave the option out.`,
    );
  }
  const [, , , channels] = shape;
  const rescaling = pixelRescaling(checkNormalization(where, normalization, channels), channels);
  if (rescaling === null) return topology;
  const layers = layersOf(topology) ?? [];
  if (layers.some((layer) => nameOf(layer) === NAME))
    throw invalid(where, 'normalization', 'none', normalization, 'The model was saved with one already.');
  const layer: SavedLayer = { class_name: 'Rescaling', name: NAME, config: { ...rescaling, name: NAME, batch_input_shape: shape } };
  const changed = topology.class_name === 'Sequential' ? afterInput(layers, layer) : rewired(topology, layers, layer);
  return { ...topology, config: { ...(Array.isArray(topology.config) ? {} : topology.config), layers: changed } };
}

function afterInput(layers: readonly SavedLayer[], layer: SavedLayer): SavedLayer[] {
  const [first, ...rest] = layers;
  return first?.class_name === 'InputLayer' ? [first, layer, ...rest] : [layer, ...layers];
}

/** Connects every layer that reads the input to the new layer instead. */
function rewired({ config }: SavedTopology, layers: readonly SavedLayer[], layer: SavedLayer): SavedLayer[] {
  const [[input] = ['']] = config['input_layers'] as Reference[];
  const redirect = ([source, ...rest]: Reference): Reference => [source === input ? NAME : source, ...rest];
  return layers.flatMap((old) => {
    const changed = { ...old, inbound_nodes: (old.inbound_nodes ?? []).map((node) => (node as Reference[]).map(redirect)) };
    return nameOf(old) === input ? [old, { ...layer, inbound_nodes: [[[input, 0, 0, {}]]] }] : [changed];
  });
}

/** Returns the input shape of a model with a single input. For a Sequential model, this is the input shape of its first layer. */
function inputShapeOf(layer: SavedLayer | undefined): (number | null)[] | undefined {
  if (layer === undefined) return undefined;
  const own = layer.config['batch_input_shape'];
  if (Array.isArray(own)) return own as (number | null)[];
  const layers = layersOf(layer);
  if (layers === undefined) return undefined;
  if (layer.class_name === 'Sequential') return inputShapeOf(layers[0]);
  const inputs = layer.config['input_layers'] as Reference[];
  return inputs.length === 1 ? inputShapeOf(layers.find((inner) => nameOf(inner) === inputs[0]?.[0])) : undefined;
}

/** Early versions of Keras and TensorFlow.js wrote a Sequential model as a list. */
function layersOf({ config }: SavedLayer): readonly SavedLayer[] | undefined {
  return Array.isArray(config) ? (config as SavedLayer[]) : config.layers;
}

function nameOf({ name, config }: SavedLayer): string | undefined {
  return config.name ?? name;
}
