// Named arrays: the form in which all readers return weights and all writers take them.

import { arrayOf, check, instanceOf, nonNegativeInteger, rule, showShape } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { ModelNotes } from './modelNotes.js';
import { decodeElements, ELEMENT_BYTES, type ElementType } from './elements.js';

/** One array of a weight file. */
export interface WeightArray {
  readonly shape: readonly number[];
  /** Element type of the array in the file. */
  readonly dtype: ElementType;
  /**
   * Returns the values as float32, row-major. They are decoded at every call. If the file stores float32, the result is a view of its
   * bytes.
   */
  values(): Float32Array;
}

/**
 * The arrays of a weight file by name, in the order of the file. Files written by this library also contain the preprocessing of the model.
 */
export type NamedArrays = ReadonlyMap<string, WeightArray> & ModelNotes;

/** Validation rule of {@link NamedArrays}. */
export const namedArrays = rule<NamedArrays>(
  'arrays by name, as readers and `weightsOf` return them,',
  (value) =>
    value instanceof Map &&
    [...(value as ReadonlyMap<unknown, Partial<WeightArray> | null | undefined>)].every(
      ([name, array]) =>
        typeof name === 'string' && arrayOf(nonNegativeInteger).accepts(array?.shape) && typeof array.values === 'function',
    ),
);

/** Returns the number of elements of a shape, 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Creates a weight array from float32 values, without copying them.
 *
 * @throws {OptionError} when the shape is invalid, or the values are not a `Float32Array`. {@link WeightsError} when the number of values
 *   does not match the shape.
 * @example
 * const arrays: NamedArrays = new Map([['predictions/bias', weightArray([10], new Float32Array(10))]]);
 */
export function weightArray(shape: readonly number[], values: Float32Array): WeightArray {
  check('weightArray', 'shape', shape, arrayOf(nonNegativeInteger));
  check('weightArray', 'values', values, instanceOf(Float32Array, 'a Float32Array'));
  if (elementCount(shape) !== values.length) {
    throw new WeightsError(`weightArray: expected ${elementCount(shape)} values for shape ${showShape(shape)}, received ${values.length}.`);
  }
  return { shape, dtype: 'float32', values: () => values };
}

/** Creates a weight array from the bytes of a file. They are decoded when `values` is called. */
export function encodedArray(shape: readonly number[], dtype: ElementType, bytes: () => Uint8Array): WeightArray {
  return { shape, dtype, values: () => decodeElements(dtype, bytes()) };
}

/** Returns the number of bytes of an array of this shape and type. */
export function byteLength(shape: readonly number[], dtype: ElementType): number {
  return elementCount(shape) * ELEMENT_BYTES[dtype];
}
