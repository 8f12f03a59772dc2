// Which published network a file holds, for messages: all are planned, none is built.

import { planModel, VARIANTS, type Variant } from '../scaling/index.js';
import { entriesOf, type LayoutName } from './layouts.js';
import type { NamedArrays } from './namedArrays.js';

/** A published network, and how much of it a file holds. */
export interface LikelyVariant {
  readonly variant: Variant;
  /** Its weights up to the classifier. */
  readonly weights: number;
  /** Those that are not in the file with their shape. */
  readonly lacking: number;
}

/**
 * The variant that a file lacks least of, of several the one with the most weights; `null` where it lacks half of each.
 *
 * @param prefix - What all names of the network begin with.
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
  // A shallower network, or one without squeeze-and-excitation, is a part of another by its names.
  const [best] = likely.sort((a, b) => a.lacking - b.lacking || b.weights - a.weights);
  return best === undefined || best.lacking > best.weights / 2 ? null : best;
}

/**
 * Says which other network than the one that was wanted a file holds, or looks like; `null` where there is no other that fits it better.
 *
 * @param wanted - How many weights the wanted network has up to the classifier, and how many of these do not fit.
 */
export function describeOther(likely: LikelyVariant | null, wanted: { readonly weights: number; readonly misfits: number }): string | null {
  if (likely === null) return null;
  const { variant, weights, lacking } = likely;
  if (lacking === 0) return weights !== wanted.weights || wanted.misfits > 0 ? `holds '${variant}'` : null;
  return lacking < wanted.misfits
    ? `looks like '${variant}', of which it has ${weights - lacking} of ${weights} weights up to the classifier`
    : null;
}
