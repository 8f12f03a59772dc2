// Copies all weights of a model to arrays and back. Names of other frameworks are handled by weights/weightsOf.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { showShape } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { namedWeights, weightArray, type NamedArrays } from '../weights/index.js';

/** Copies every weight of a model, including moving statistics. */
export async function snapshotWeights(model: LayersModel): Promise<NamedArrays> {
  const entries = await Promise.all(
    [...namedWeights(model)].map(async ([name, weight]) => {
      const variable = weight.read();
      return [name, weightArray(variable.shape, new Float32Array(await variable.data()))] as const;
    }),
  );
  return new Map(entries);
}

/** @throws {WeightsError} when the names or shapes of the arrays differ from those of the model's weights. */
export function checkWeights(where: string, model: LayersModel, arrays: NamedArrays): void {
  const weights = namedWeights(model);
  const strangers = [...arrays.keys()].filter((name) => !weights.has(name));
  const missing = [...weights.keys()].filter((name) => !arrays.has(name));
  const misfits = [...weights].filter(([name, weight]) => showShape(arrays.get(name)?.shape ?? weight.shape) !== showShape(weight.shape));
  const [problem] = [
    ...strangers.map((name) => `'${name}', which the model does not have`),
    ...missing.map((name) => `no array for '${name}'`),
    ...misfits.map(([name, weight]) => `${showShape(arrays.get(name)?.shape ?? [])} for '${name}' of shape ${showShape(weight.shape)}`),
  ];
  if (problem !== undefined) {
    const more = strangers.length + missing.length + misfits.length - 1;
    throw new WeightsError(
      `${where}: expected the weights of '${model.name}', received ` +
        `${problem}${more > 0 ? ` (and ${more} more mismatches)` : ''}. The checkpoint was saved for another model.`,
    );
  }
}

/**
 * Sets every weight of a model.
 *
 * @throws {WeightsError} before any weight changes, when names or shapes differ.
 */
export function restoreWeights(where: string, model: LayersModel, arrays: NamedArrays): void {
  checkWeights(where, model, arrays);
  tf.tidy(() => {
    for (const [name, weight] of namedWeights(model)) {
      const array = arrays.get(name);
      if (array !== undefined) weight.write(tf.tensor(array.values(), [...array.shape]));
    }
  });
}
