// One step of an optimizer, computed but not assigned: gradient accumulation, clipping, weight decay and the update rule.

import * as tf from '@tensorflow/tfjs-core';
import { checkRate } from './checkRate.js';
import { clipGradients, clips } from './clipGradients.js';
import type { NamedOptimizerOptions } from './optimizerOptions.js';
import { ACCUMULATED, variableNamed, type NamedTensor, type OptimizerState } from './optimizerState.js';
import type { Changes } from './stateChanges.js';
import type { TrainingPlace } from './trainingPlace.js';
import type { UpdateRule } from './updateRule.js';

/** An optimizer at a step. */
export interface OptimizerStep {
  readonly rule: UpdateRule;
  /** The options, with the current learning rate or schedule. */
  readonly options: NamedOptimizerOptions;
  readonly state: OptimizerState;
  /** Number of earlier steps. */
  readonly steps: number;
  /** Number of earlier updates. */
  readonly updates: number;
  readonly place: TrainingPlace | undefined;
}

/** What a step computes besides the new values. */
export interface ComputedUpdate {
  /** The variables that are updated; none while gradients are being accumulated. */
  readonly updated: readonly string[];
  /** Tensors that must be finite, although the new values may not show it. */
  readonly watched: readonly tf.Tensor[];
}

/** Adds the new values of weights and slots to `changes`. Must be called within `tf.tidy`. */
export function computeUpdate(step: OptimizerStep, gradients: readonly NamedTensor[], changes: Changes): ComputedUpdate {
  const { accumulationSteps = 1 } = step.options;
  // Clipping hides NaN and Infinity. Otherwise the new values show them.
  const watched = clips(step.options) ? gradients.map(({ tensor }) => tensor) : [];
  if (accumulationSteps === 1)
    return { updated: gradients.map(({ name }) => name), watched: [...watched, ...update(step, gradients, changes)] };

  const isDue = (step.steps + 1) % accumulationSteps === 0;
  const sums = gradients.map(({ name, tensor }) => {
    const sum = step.state.slot(name, ACCUMULATED);
    return { name, sum, tensor: tf.add(sum, tensor) };
  });
  if (!isDue) {
    for (const { sum, tensor } of sums) changes.set(sum, tensor);
    return { updated: [], watched };
  }
  const means = sums.map(({ name, tensor }) => ({ name, tensor: tf.div(tensor, accumulationSteps) }));
  const norms = update(step, means, changes);
  for (const { sum } of sums) changes.set(sum, tf.zerosLike(sum));
  return { updated: means.map(({ name }) => name), watched: [...watched, ...norms, ...sums.map(({ tensor }) => tensor)] };
}

/** Applies the update rule to every weight and returns the norms of the gradients, where they are clipped by norm. */
function update(
  { rule, options, state, updates, place }: OptimizerStep,
  gradients: readonly NamedTensor[],
  changes: Changes,
): readonly tf.Tensor[] {
  const { learningRate, weightDecay = 0, weightDecayMode = 'decoupled', rateOf, decays = (_, shape) => shape.length > 1 } = options;
  const current = typeof learningRate === 'function' ? learningRate(updates) : learningRate;
  const base = checkRate(rule.name, current, updates, place);
  const clipped = clipGradients(gradients, options);
  for (const { name, tensor } of clipped.gradients) {
    const variable = variableNamed(name);
    const original = state.originalName(name);
    const rate = checkRate(rule.name, base * (rateOf?.(original) ?? 1), updates, place, original);
    const decay = weightDecay > 0 && decays(original, variable.shape) ? weightDecay : 0;
    const weight = decay > 0 && weightDecayMode === 'decoupled' ? tf.mul(variable, 1 - rate * decay) : variable;
    const gradient = decay > 0 && weightDecayMode === 'coupled' ? tf.add(tensor, tf.mul(variable, decay)) : tensor;
    const slot = (key: string): tf.Variable => state.slot(name, key);
    const read = (key: string): tf.Tensor => changes.get(slot(key)) ?? slot(key);
    const write = (key: string, value: tf.Tensor): tf.Tensor => {
      changes.set(slot(key), value);
      return value;
    };
    changes.set(variable, rule.update({ weight, gradient, rate, step: state.updatesOf(name), read, write }));
  }
  return clipped.norms;
}
