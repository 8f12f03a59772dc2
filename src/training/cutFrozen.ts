// Finds the layers below the first one that trains, which frozenPart.ts runs apart from the rest.

import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { SeededDropout } from '../layers/internal.js';
import { cutModel, layersOf, type CutModel } from '../models/internal.js';

/** Cuts a model where its frozen part ends. */
export function cutFrozen(model: LayersModel): CutModel {
  return cutModel(model, frozenLayers(model));
}

/** Stock layers that change their input during training and are no dropout. */
const RANDOM = /^(GaussianNoise|GaussianDropout|AlphaDropout|RandomWidth)$/;

/** Returns a function that says whether a layer can run as in inference, because nothing that trains comes before it. */
function frozenLayers(model: LayersModel): (layer: layers.Layer) => boolean {
  const own = new Set(model.layers);
  const isFixed = (layer: layers.Layer): boolean =>
    layer.trainableWeights.length === 0 && !leaves(layer).some((each) => RANDOM.test(each.getClassName()));
  // Layers whose output reaches a frozen layer with weights. Dropout after the last of those belongs to what trains, such as a new head.
  const leading = new Set<layers.Layer>();
  for (const layer of model.layers.toReversed()) {
    const readers = layer.outboundNodes.map(({ outboundLayer }) => outboundLayer).filter((reader) => own.has(reader) && isFixed(reader));
    if (readers.some((reader) => reader.weights.length > 0 || leading.has(reader))) leading.add(layer);
  }
  return (layer) => isFixed(layer) && (!isDropout(layer) || leading.has(layer));
}

/** Stochastic depth is part of its block, not of the layers after it. */
function isDropout(layer: layers.Layer): boolean {
  return layer.getClassName().includes('Dropout') && !(layer instanceof SeededDropout && layer.isStochasticDepth);
}

function leaves(layer: layers.Layer): readonly layers.Layer[] {
  return 'layers' in layer ? layersOf(layer as LayersModel) : [layer];
}
