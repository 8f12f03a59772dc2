// Cuts a model in two where a condition on its layers ends: a model for the part below, and a function that runs the part above.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphRunner } from './graphRunner.js';

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
  const { cut: outputs, steps } = stepsAbove(output, isBelow);
  // A layer above that reads the images themselves would make them an output of the part below.
  if (!outputs.some(({ inputs }) => inputs.length === 0)) {
    const below = tfl.model({ inputs: model.inputs, outputs, name: `${model.name}_frozen` });
    const hasKernels = below.layers.some(({ weights }) => weights.some(({ shape }) => shape.length > 1));
    if (hasKernels) return { below, above: graphRunner(steps, outputs, output) };
  }
  const whole = stepsAbove(output, (layer) => layer.getClassName() === 'InputLayer');
  return { below: undefined, above: graphRunner(whole.steps, whole.cut, output) };
}

/** Returns the outputs of the layers above the cut, each after its inputs, and the tensors at the cut. */
function stepsAbove(
  output: tfl.SymbolicTensor,
  isBelow: (layer: tfl.layers.Layer) => boolean,
): { readonly steps: readonly tfl.SymbolicTensor[]; readonly cut: tfl.SymbolicTensor[] } {
  const cut = new Map<number, tfl.SymbolicTensor>();
  const known = new Map<number, boolean>();
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
  return { steps, cut: [...cut.values()] };
}
