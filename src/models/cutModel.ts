// Cuts a model in two where a condition on its layers ends: a model for the part below, and a function that runs the part above.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** The two parts of a model. They share the layers of the model. */
export interface CutModel {
  /** The part from the images to the cut; `undefined` if it has no kernels. */
  readonly below: tfl.LayersModel | undefined;
  /**
   * Runs the part from the cut to the output of the model.
   *
   * @param values - The outputs of `below` in order, or the images if `below` is `undefined`.
   * @returns The output of the model; the caller disposes it.
   */
  readonly above: (values: readonly tf.Tensor[], training: boolean) => tf.Tensor;
}

/**
 * Cuts a model that has one input and one output.
 *
 * The part below consists of the layers that pass `isBelow` and depend only on layers that do. A nested model counts as one layer.
 */
export function cutModel(model: tfl.LayersModel, isBelow: (layer: tfl.layers.Layer) => boolean): CutModel {
  const output = model.outputs[0] as tfl.SymbolicTensor;
  const cut = new Map<number, tfl.SymbolicTensor>();
  const known = new Map<number, boolean>();
  // Layers above the cut, each after its inputs.
  const steps: tfl.SymbolicTensor[] = [];
  const visit = (tensor: tfl.SymbolicTensor): boolean => {
    const seen = known.get(tensor.id);
    if (seen !== undefined) return seen;
    const areBelow = tensor.inputs.map(visit);
    const result = areBelow.every(Boolean) && isBelow(tensor.sourceLayer);
    known.set(tensor.id, result);
    if (result) return true;
    steps.push(tensor);
    tensor.inputs.forEach((input, i) => {
      if (areBelow[i] === true) cut.set(input.id, input);
    });
    return false;
  };
  if (visit(output)) cut.set(output.id, output);
  const outputs = [...cut.values()];
  // A layer above that reads the images themselves would make them an output of the part below.
  if (!outputs.some(({ inputs }) => inputs.length === 0)) {
    const below = tfl.model({ inputs: model.inputs, outputs, name: `${model.name}_frozen` });
    const hasKernels = below.layers.some(({ weights }) => weights.some(({ shape }) => shape.length > 1));
    if (hasKernels) return { below, above: (values, training) => run(steps, outputs, output, values, training) };
  }
  return {
    below: undefined,
    above: ([images], training) => (training ? (model.apply(images as tf.Tensor, { training }) as tf.Tensor) : predict(model, images)),
  };
}

function predict(model: tfl.LayersModel, images: tf.Tensor | undefined): tf.Tensor {
  return model.predictOnBatch(images as tf.Tensor) as tf.Tensor;
}

function run(
  steps: readonly tfl.SymbolicTensor[],
  cut: readonly tfl.SymbolicTensor[],
  output: tfl.SymbolicTensor,
  given: readonly tf.Tensor[],
  training: boolean,
): tf.Tensor {
  const values = new Map(cut.map(({ id }, i) => [id, given[i] as tf.Tensor]));
  // During training the gradient needs all values. Otherwise each is disposed after the last layer that reads it.
  const uses = new Map<number, number>([[output.id, 1]]);
  for (const { inputs } of steps) for (const { id } of inputs) uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const { id } of cut) uses.set(id, Infinity);
  return tf.tidy(() => {
    for (const step of steps) {
      const inputs = step.inputs.map(({ id }) => values.get(id) as tf.Tensor);
      const [single] = inputs;
      const result = step.sourceLayer.apply(inputs.length === 1 ? (single as tf.Tensor) : inputs, { training }) as tf.Tensor | tf.Tensor[];
      values.set(step.id, Array.isArray(result) ? (result[step.outputTensorIndex ?? 0] as tf.Tensor) : result);
      if (training) continue;
      for (const { id } of step.inputs) {
        const left = (uses.get(id) ?? 0) - 1;
        uses.set(id, left);
        if (left === 0) values.get(id)?.dispose();
      }
    }
    return values.get(output.id) as tf.Tensor;
  });
}
