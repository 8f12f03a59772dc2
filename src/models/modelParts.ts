// Accesses internal parts of a model: its last feature map, its logits, or the output of one layer.

import * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { invalid, showShape } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { checkInUse, modelRemedy } from './checkModel.js';

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: object) => tf.Tensor | tf.Tensor[];

/** Throws unless the value is a layers model. If `isClassifier` is true, it must have a single output `[batch, classes]`. */
export function asLayersModel(where: string, model: LayersModel, isClassifier = true): void {
  if (!Array.isArray((model as Partial<LayersModel> | null)?.layers)) {
    const isRuntime = typeof (model as Partial<LayersModel> | null)?.predict === 'function';
    const remedy = isClassifier && isRuntime ? 'A runtime has no layers to look into: use occlusionMap.' : modelRemedy(model);
    throw invalid(where, 'model', 'a tf.LayersModel', model, remedy);
  }
  checkInUse(where, model);
  if (!isClassifier) return;
  const [output, ...others] = model.outputs;
  if (others.length > 0 || output?.shape.length !== 2) {
    const received = others.length > 0 ? `${others.length + 1} outputs` : showShape(output?.shape ?? []);
    throw new ShapeError(`${where}: expected a model with one output [batch, classes], received ${received}. Give it a classifier head.`);
  }
}

/** Whether a model ends in a layer that leaves its sums as they are, so that its outputs are logits. */
export function endsLinear(model: LayersModel): boolean {
  return model.outputs[0]?.sourceLayer.getConfig()['activation'] === 'linear';
}

/** Returns the last layer that outputs a feature map `[batch, height, width, channels]`. */
export function lastFeatureLayer(where: string, model: LayersModel): layers.Layer {
  const found = model.layers.findLast(({ outputShape }) => outputShape.length === 4 && !Array.isArray(outputShape[0]));
  if (found === undefined)
    throw new ShapeError(
      `${where}: expected a model with a feature map [batch, height, width, channels], received none in '${model.name}'.`,
    );
  return found;
}

/** Runs `work` while the layer's output passes through a function. It is synchronous, so no other code sees the change. */
export function withCall<T>(
  layer: layers.Layer,
  through: (result: tf.Tensor, inputs: tf.Tensor | tf.Tensor[]) => tf.Tensor,
  work: () => T,
): T {
  const original = Object.getOwnPropertyDescriptor(layer, 'call');
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its layer below
  const call = layer.call;
  const passed: Call = (inputs, kwargs) =>
    tf.tidy(() => {
      const result = call.call(layer, inputs, kwargs);
      return through(Array.isArray(result) ? (result[0] as tf.Tensor) : result, inputs);
    });
  layer.call = passed;
  try {
    return work();
  } finally {
    if (original === undefined) delete (layer as { call?: Call | undefined }).call;
    else Object.defineProperty(layer, 'call', original);
  }
}

/** Runs `work` while the model returns logits. */
export function withoutActivation<T>(model: LayersModel, work: () => T): T {
  const layer = model.layers.at(-1) as layers.Layer;
  const { activation } = layer.getConfig();
  const type = layer.getClassName();
  if (type === 'Dense' && (activation === 'softmax' || activation === 'sigmoid')) {
    const [kernel, bias] = layer.getWeights();
    return withCall(
      layer,
      (_, inputs) => {
        const sums = tf.matMul((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor2D, kernel as tf.Tensor2D);
        return bias === undefined ? sums : tf.add(sums, bias);
      },
      work,
    );
  }
  const isActivation = type === 'Softmax' || (type === 'Activation' && (activation === 'softmax' || activation === 'sigmoid'));
  return isActivation ? withCall(layer, (_, inputs) => tf.clone((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor), work) : work();
}
