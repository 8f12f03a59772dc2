// Checks that TensorFlow.js has every layer of a saved model. The error of TensorFlow.js itself names only the class, not the layer.

import { checkKnown } from './kerasLayers.js';
import { modelConfig } from './kerasWeightNames.js';
import type { SavedLayer } from './savedTopology.js';

/** @throws {DataError} when a layer is missing. The message names the layer, its class and what to do. */
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
