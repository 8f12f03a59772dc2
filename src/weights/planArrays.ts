// Finds the weights of a plan in the arrays of a file, without building a model. `loadWeights` loads them into a model.

import { WeightsError } from '../core/index.js';
import type { ModelPlan } from '../scaling/index.js';
import { fitWeights } from './fitWeights.js';
import { describeOther, identifyVariant } from './identifyVariant.js';
import { weightArray, type NamedArrays, type WeightArray } from './namedArrays.js';
import { permute } from './permute.js';

/**
 * Finds every weight of a plan in the arrays of any framework, and returns them with the names and axis order of Keras.
 *
 * @param where - The calling function, for error messages.
 * @param prefix - Common prefix of all names of the network. It is detected unless the file contains the network more than once.
 * @throws {WeightsError} when a weight is missing or has the wrong shape, an array is unknown, or the arrays belong to another network.
 */
export function planArrays(where: string, plan: ModelPlan, arrays: NamedArrays, prefix?: string): ReadonlyMap<string, WeightArray> {
  const { layout, prefix: start, fitted, missing, misshapen, unexpected } = fitWeights(where, plan, arrays, { prefix });
  const adapted = fitted.filter((weight) => weight.adapted).map(({ entry }) => entry.weight);
  const misfits = [...missing, ...misshapen.map(({ weight }) => weight), ...adapted, ...unexpected];
  if (misfits.length > 0) {
    const isBackbone = (weight: string): boolean => !weight.startsWith('predictions/');
    const wanted = {
      weights: plan.layers.flatMap(({ weights }) => weights).filter(({ name }) => isBackbone(name)).length,
      misfits: [...missing, ...misshapen.map(({ weight }) => weight)].filter(isBackbone).length,
    };
    const other = describeOther(identifyVariant(arrays, layout, start), wanted);
    throw new WeightsError(
      `${where}: expected the ${plan.layers.flatMap(({ weights }) => weights).length} weights of '${plan.name}' for \`arrays\`, ` +
        `received ${fitted.length - adapted.length} of them; ` +
        `${missing.length} missing, ${misshapen.length + adapted.length} of another shape, ${unexpected.length} unknown: ` +
        `'${misfits.slice(0, 3).join("', '")}'.${other === null ? '' : ` The file ${other}: plan that network.`}`,
      { mismatches: misshapen },
    );
  }
  return new Map(
    fitted.map(({ entry, array }) => [entry.weight, weightArray(entry.modelShape, permute(array.values(), array.shape, entry.toModel))]),
  );
}
