// Refuses a saved model with a layer that TensorFlow.js does not have, by the layer's name. TensorFlow.js itself says the class alone.

import { checkKnown } from './kerasLayers.js';
import { modelConfig } from './kerasWeightNames.js';
import type { SavedLayer } from './savedTopology.js';

/** @throws {DataError} naming the layer, its class and what to do. */
export function checkLayers(where: string, topology: unknown): void {
  const visit = (layer: SavedLayer): void => {
    const layers: unknown = Array.isArray(layer.config) ? layer.config : (layer.config as Partial<SavedLayer['config']> | null)?.layers;
    if (Array.isArray(layers)) {
      for (const inner of layers as SavedLayer[]) visit(inner);
    } else if (typeof layer.class_name === 'string') {
      checkKnown(layer.class_name, { where, name: String(layer.config.name ?? layer.name) });
    }
  };
  visit(modelConfig(topology) as SavedLayer);
}
