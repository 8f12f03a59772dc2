// Runs the layers of a graph one after the other, without the bookkeeping of a TensorFlow.js model.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { hasUnits } from '../layers/internal.js';
import { findUnits, type Unit } from './frozenUnits.js';

/**
 * Returns a function that runs a graph.
 *
 * A convolution with frozen BatchNormalization runs as one operation with the layers after it, where the backend can.
 *
 * @param steps - The outputs of all layers that run, each after its inputs.
 * @param given - The inputs of the graph.
 * @returns A function of the values of `given`, which returns the value of `output`. The caller must dispose it.
 */
export function graphRunner(
  steps: readonly tfl.SymbolicTensor[],
  given: readonly tfl.SymbolicTensor[],
  output: tfl.SymbolicTensor,
): (values: readonly tf.Tensor[], training: boolean) => tf.Tensor {
  const units = findUnits(steps, output);
  return (values, training) => {
    const active = hasUnits() ? units.filter(({ norm }) => norm.frozenNorm() !== undefined) : [];
    return run(steps, active, new Map(given.map(({ id }, i) => [id, values[i] as tf.Tensor])), output, training);
  };
}

function run(
  steps: readonly tfl.SymbolicTensor[],
  units: readonly Unit[],
  values: Map<number, tf.Tensor>,
  output: tfl.SymbolicTensor,
  training: boolean,
): tf.Tensor {
  const inUnits = new Set(units.flatMap(({ members }) => members));
  const unitOf = new Map(units.map((unit) => [unit.output.id, unit]));
  const calls = steps
    .filter(({ id }) => unitOf.has(id) || !inUnits.has(id))
    .map((step) => {
      const unit = unitOf.get(step.id);
      return { step, unit, inputs: unit === undefined ? step.inputs : [unit.input] };
    });
  // Each value is disposed after the last layer that reads it. Gradients have their own references to what they need.
  const uses = new Map<number, number>([[output.id, 1]]);
  for (const { inputs } of calls) for (const { id } of inputs) uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const id of values.keys()) uses.set(id, Infinity);
  const trained = new Set<number>();
  return tf.tidy(() => {
    for (const { step, unit, inputs } of calls) {
      const operands = inputs.map(({ id }) => values.get(id) as tf.Tensor);
      const inputTrains = inputs.some(({ id }) => trained.has(id));
      if (inputTrains || unit !== undefined || step.sourceLayer.trainableWeights.length > 0) trained.add(step.id);
      values.set(step.id, unit === undefined ? apply(step, operands, training) : unit.run(operands[0] as tf.Tensor, inputTrains));
      for (const { id } of inputs) {
        const left = (uses.get(id) ?? 0) - 1;
        uses.set(id, left);
        if (left === 0) values.get(id)?.dispose();
      }
    }
    return values.get(output.id) as tf.Tensor;
  });
}

function apply(step: tfl.SymbolicTensor, operands: readonly tf.Tensor[], training: boolean): tf.Tensor {
  const [single] = operands;
  const result = step.sourceLayer.apply(operands.length === 1 ? (single as tf.Tensor) : [...operands], { training }) as
    tf.Tensor | tf.Tensor[];
  return Array.isArray(result) ? (result[step.outputTensorIndex ?? 0] as tf.Tensor) : result;
}
