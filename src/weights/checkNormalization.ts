// Checks that the `Normalization` layer in a Keras file matches the pixel normalization of the model.

import { WeightsError } from '../core/index.js';
import { channelStatistics } from '../scaling/internal.js';
import type { ModelPlan } from '../scaling/index.js';
import type { NamedArrays } from './namedArrays.js';

/**
 * Refuses a file whose `Normalization` layer computes something other than the model does.
 *
 * The published ImageNet files contain the standard deviation in place of the variance. Keras corrects this with an extra layer that only
 * its own constructor adds. Both interpretations of the array are accepted.
 *
 * @see tensorflow/tensorflow#49930; "Build stem" in keras/src/applications/efficientnet.py
 */
export function checkNormalization(where: string, plan: ModelPlan, arrays: NamedArrays): void {
  const channels = plan.inputShape[2];
  const statistics = channelStatistics(plan.normalization, channels);
  const find = (suffix: string): number[] | undefined => {
    const pattern = new RegExp(`(^|/)normalization(_\\d+)?/${suffix}$`);
    const name = [...arrays.keys()].find((key) => pattern.test(key));
    const array = name === undefined ? undefined : arrays.get(name);
    return array?.shape.length === 1 && array.shape[0] === channels ? [...array.values()] : undefined;
  };
  const mean = find('mean');
  const variance = find('variance');
  if (statistics === null || mean === undefined || variance === undefined) return;

  const sameMean = isClose(mean, statistics.mean);
  const isDeviation = isClose(variance, statistics.std);
  const isVariance = isClose(
    variance,
    statistics.std.map((std) => std ** 2),
  );
  if (sameMean && (isDeviation || isVariance)) return;
  const show = (values: readonly number[]): string => `[${values.map((value) => Number(value.toPrecision(4))).join(', ')}]`;
  const option = `{ mean: ${show(mean)}, std: ${show(variance.map(Math.sqrt))} }`;
  throw new WeightsError(
    `${where}: the file normalizes pixels with mean ${show(mean)} and variance ${show(variance)}, ` +
      `the model with mean ${show(statistics.mean)} and variance ${show(statistics.std.map((std) => std ** 2))}. ` +
      `Build the model with \`normalization: ${option}\`.`,
  );
}

function isClose(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => Math.abs(value - (b[i] ?? NaN)) < 1e-3);
}
