// Converts layer normalization over the channels.

import { inexpressible, inputOf, type Converter } from './layerContext.js';
import { made, readChannelsLast, transpose } from './value.js';

/** Converts `LayerNormalization` over the last axis. */
export const layerNormalization: Converter = (layer) => {
  const { graph, name, config, weights, shape } = layer;
  const axes = [config['axis'] ?? -1].flat().map(Number);
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== shape.length - 1))
    throw inexpressible(layer, `class LayerNormalization over axes ${String(axes)}`);
  const channels = shape.at(-1) ?? 0;
  const gamma = graph.constant(`${name}/gamma`, [channels], weights.get('gamma')?.values ?? new Float32Array(channels).fill(1));
  const beta = graph.constant(`${name}/beta`, [channels], weights.get('beta')?.values ?? new Float32Array(channels));
  const isMap = shape.length === 4;
  const attributes = { axis: -1, epsilon: { float: Number(config['epsilon'] ?? 1e-3) } };
  const normalized = graph.node(
    'LayerNormalization',
    isMap ? `${name}/nhwc_normalized` : name,
    [readChannelsLast(graph, name, inputOf(layer)), gamma, beta],
    attributes,
  );
  return made(shape, isMap ? transpose(graph, name, normalized, 'nchw') : normalized);
};
