// What counts as a model here: any layers model of TensorFlow.js, whichever copy of the package made it.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { rule } from '../core/index.js';

export const LAYERS_MODEL = rule<LayersModel>('a layers model, such as efficientNet makes,', (value) => {
  const { layers, getUserDefinedMetadata } = (value ?? {}) as Partial<LayersModel>;
  return Array.isArray(layers) && typeof getUserDefinedMetadata === 'function';
});
