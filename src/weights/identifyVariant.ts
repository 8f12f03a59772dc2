// Which published network a file holds, for messages: all are planned, none is built.

import { planModel, VARIANTS, type Variant } from '../scaling/index.js';
import { layoutEntries, type LayoutName } from './layouts.js';
import type { NamedArrays } from './namedArrays.js';

/** The variant whose every weight up to the classifier is in the file with its shape; `null` when there is none. */
export function identifyVariant(arrays: NamedArrays, layout: LayoutName, prefix: string): Variant | null {
  const variants = Object.keys(VARIANTS) as Variant[];
  const fits = variants.filter((variant) =>
    layoutEntries(layout, planModel(variant, { includeTop: false })).every(({ array, fileShape }) => {
      const shape = arrays.get(`${prefix}${array}`)?.shape;
      return shape?.length === fileShape.length && shape.every((length, i) => length === fileShape[i]);
    }));
  // A network may be the beginning of a deeper one only by name; the one with the most blocks is the file's.
  return fits.at(-1) ?? null;
}
