// Refuses to save or train a model that has weights that are not finite. Such weights make every prediction wrong.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { allFinite, show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { areFinite } from '../layers/internal.js';

/**
 * Throws unless all weights of a model are finite.
 *
 * @param remedy - The last sentence of the error message.
 * @throws {WeightsError} when a weight is not finite. The message names the first one.
 */
export async function checkFiniteWeights(where: string, model: LayersModel, remedy = 'Nothing was written.'): Promise<void> {
  const weights = model.weights.map((weight) => ({ name: weight.originalName, values: weight.read() }));
  if (await areFinite(weights.map(({ values }) => values))) return;
  const bad: string[] = [];
  for (const { name, values } of weights) if (!(await areFinite([values]))) bad.push(name);
  throw nonFiniteWeights(where, bad, remedy);
}

/** Throws unless all arrays are finite. @throws {WeightsError} when one is not. The message names the first one. */
export function checkFiniteArrays(where: string, arrays: Iterable<readonly [name: string, array: { values(): Float32Array }]>): void {
  const bad = [...arrays].filter(([, array]) => !allFinite(array.values())).map(([name]) => name);
  if (bad.length > 0) throw nonFiniteWeights(where, bad, 'Nothing was written.');
}

function nonFiniteWeights(where: string, names: readonly string[], remedy: string): WeightsError {
  const more = names.length > 1 ? ` and in ${names.length - 1} more` : '';
  return new WeightsError(`${where}: expected finite weights, received NaN or Infinity in ${show(names[0])}${more}. ${remedy}`);
}
