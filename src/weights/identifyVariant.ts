// Which published network a file holds, for messages: all are planned, none is built.

import { planModel, VARIANTS, type Variant } from '../scaling/index.js';
import { layoutEntries, type LayoutName } from './layouts.js';
import type { NamedArrays } from './namedArrays.js';

/** The variant whose every weight up to the classifier is in the file with its shape, the one with the most weights; `null` when there is none. */
export function identifyVariant(arrays: NamedArrays, layout: LayoutName, prefix: string): { readonly variant: Variant; readonly weights: number } | null {
  const fits = (Object.keys(VARIANTS) as Variant[]).flatMap((variant) => {
    const entries = layoutEntries(layout, planModel(variant, { includeTop: false }));
    const isHeld = entries.every(({ array, fileShape }) => {
      const shape = arrays.get(`${prefix}${array}`)?.shape;
      return shape?.length === fileShape.length && shape.every((length, i) => length === fileShape[i]);
    });
    return isHeld ? [{ variant, weights: entries.length }] : [];
  });
  // A shallower network, or one without squeeze-and-excitation, is a part of another by its names.
  return fits.sort((a, b) => b.weights - a.weights)[0] ?? null;
}
