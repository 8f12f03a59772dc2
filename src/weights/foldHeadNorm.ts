// Folds a BatchNormalization between backbone and classifier, as in Keras' fine-tuning tutorial, into the classifier. This library's
// models have no such layer.

import type { NetworkPlan } from '../scaling/index.js';
import type { Fit, FittedWeight } from './fitWeights.js';
import { weightArray, type NamedArrays } from './namedArrays.js';

/** The default of Keras. Weight files do not store epsilon. */
const EPSILON = 1e-3;

/** Folds the single BatchNormalization that the model lacks into the classifier, if its size equals the number of features. */
export function foldHeadNorm(plan: NetworkPlan, arrays: NamedArrays, fit: Fit): Fit {
  const owner = /^(.*)\/moving_variance$/.exec(fit.unexpected.find((name) => name.endsWith('/moving_variance')) ?? '')?.[1];
  const [kernel, bias] = ['predictions/kernel', 'predictions/bias'].map((weight) =>
    fit.fitted.find(({ entry }) => entry.weight === weight),
  );
  const features = plan.classifier?.inputShape[2];
  if (owner === undefined || features === undefined || kernel === undefined || bias === undefined) return fit;
  const vector = (weight: string): Float32Array | undefined => {
    const array = fit.unexpected.includes(`${owner}/${weight}`) ? arrays.get(`${owner}/${weight}`) : undefined;
    return array?.shape.length === 1 && array.shape[0] === features ? array.values() : undefined;
  };
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(vector);
  const found = [gamma, beta, mean, variance].filter((values) => values !== undefined);
  if (mean === undefined || variance === undefined || found.length !== fit.unexpected.length) return fit;

  const scale = Float64Array.from(variance, (value, i) => (gamma?.[i] ?? 1) / Math.sqrt(value + EPSILON));
  const [weights, offsets] = [kernel.array.values(), bias.array.values()];
  const classes = offsets.length;
  const scaled = weights.map((value, i) => value * (scale[Math.floor(i / classes)] ?? NaN));
  const moved = Float64Array.from(offsets);
  weights.forEach((value, i) => {
    const feature = Math.floor(i / classes);
    moved[i % classes] = (moved[i % classes] ?? NaN) + value * ((beta?.[feature] ?? 0) - (mean[feature] ?? NaN) * (scale[feature] ?? NaN));
  });
  const replaced = new Map<FittedWeight, Float32Array>([
    [kernel, scaled],
    [bias, Float32Array.from(moved)],
  ]);
  return {
    ...fit,
    fitted: fit.fitted.map((weight) => {
      const values = replaced.get(weight);
      return values === undefined ? weight : { ...weight, array: weightArray(weight.array.shape, values) };
    }),
    unexpected: [],
    skipped: [
      ...fit.skipped,
      ...fit.unexpected.map((array) => ({ array, reason: 'BatchNormalization before the classifier, folded into it' })),
    ],
  };
}
