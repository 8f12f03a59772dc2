// Lists the layers of a model. Every function that has to look into nested models uses it.

import type { layers, LayersModel } from '@tensorflow/tfjs-layers';

/** Returns the layers of a model in order, with the layers of nested models in their place. */
export function layersOf(model: LayersModel): layers.Layer[] {
  return model.layers.flatMap((layer) => (isNestedModel(layer) ? layersOf(layer) : [layer]));
}

/** Whether a layer is a model. Does not use `instanceof`, because an application may have two copies of TensorFlow.js. */
export function isNestedModel(layer: layers.Layer): layer is LayersModel {
  return Array.isArray((layer as Partial<LayersModel>).layers);
}
