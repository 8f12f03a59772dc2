// Finds the published network that a file most likely contains, for error messages. It compares plans and builds no model.

import { planModel, VARIANTS, type Variant } from '../scaling/index.js';
import { entriesOf, type LayoutName } from './layouts.js';
import type { NamedArrays } from './namedArrays.js';

/** A published network, with the number of its weights that a file lacks. */
export interface LikelyVariant {
  readonly variant: Variant;
  /** Number of weights without the classifier. */
  readonly weights: number;
  /** Number of those weights that are not in the file with their shape. */
  readonly lacking: number;
}

/**
 * Returns the variant of which the fewest weights are missing from the file. Ties go to the variant with the most weights. Returns `null`
 * if more than half of the weights of every variant are missing.
 *
 * @param prefix - Common prefix of all names of the network.
 */
export function identifyVariant(arrays: NamedArrays, layout: LayoutName, prefix: string): LikelyVariant | null {
  const likely = (Object.keys(VARIANTS) as Variant[]).map((variant): LikelyVariant => {
    const entries = entriesOf(layout, planModel(variant, { includeTop: false }));
    const isHeld = (name: string, fileShape: readonly number[]): boolean => {
      const shape = arrays.get(name)?.shape;
      return shape?.length === fileShape.length && shape.every((length, i) => length === fileShape[i]);
    };
    return {
      variant,
      weights: entries.length,
      lacking: entries.filter(({ array, fileShape }) => !isHeld(`${prefix}${array}`, fileShape)).length,
    };
  });
  // The names of a network with fewer blocks, or without squeeze-and-excitation, may be a subset of those of another network.
  const [best] = likely.sort((a, b) => a.lacking - b.lacking || b.weights - a.weights);
  return best === undefined || best.lacking > best.weights / 2 ? null : best;
}

/**
 * Returns error text that names the other network a file contains or resembles, or `null` if no other network fits better than the wanted
 * one.
 *
 * @param wanted - Number of weights of the wanted network without the classifier, and how many of them do not fit.
 */
export function describeOther(likely: LikelyVariant | null, wanted: { readonly weights: number; readonly misfits: number }): string | null {
  if (likely === null) return null;
  const { variant, weights, lacking } = likely;
  if (lacking === 0) return weights !== wanted.weights || wanted.misfits > 0 ? `contains '${variant}'` : null;
  return lacking < wanted.misfits
    ? `looks like '${variant}', of which it has ${weights - lacking} of ${weights} weights up to the classifier`
    : null;
}
