// The currency of weights: what every reader returns and every writer takes, whatever the file.

import { arrayOf, check, instanceOf, nonNegativeInteger, rule, showShape } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { ModelNotes } from './modelNotes.js';
import { decodeElements, ELEMENT_BYTES, type ElementType } from './elements.js';

/** One array of a weight file. */
export interface WeightArray {
  readonly shape: readonly number[];
  /** The type of its numbers in the file. */
  readonly dtype: ElementType;
  /** Its numbers as float32, row-major; decoded at each call, a view of the file's bytes where they are float32 already. */
  values(): Float32Array;
}

/** The arrays of a weight file by name, in the file's order; a file of this library also says how its model takes images. */
export type NamedArrays = ReadonlyMap<string, WeightArray> & ModelNotes;

/** The rule of {@link NamedArrays}. */
export const namedArrays = rule<NamedArrays>(
  'arrays by name, as readers and `weightsOf` return them,',
  (value) =>
    value instanceof Map &&
    [...(value as ReadonlyMap<unknown, Partial<WeightArray> | null | undefined>)].every(
      ([name, array]) =>
        typeof name === 'string' && arrayOf(nonNegativeInteger).accepts(array?.shape) && typeof array.values === 'function',
    ),
);

/** How many numbers a shape holds; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Makes a weight array of float32 numbers; they are not copied.
 *
 * @throws {OptionError} when the shape is none, or the values are no `Float32Array`. {@link WeightsError} when the shape does not hold as
 *   many numbers.
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

/** Makes a weight array of a file's bytes, decoded when asked for. */
export function encodedArray(shape: readonly number[], dtype: ElementType, bytes: () => Uint8Array): WeightArray {
  return { shape, dtype, values: () => decodeElements(dtype, bytes()) };
}

/** Bytes an array of this shape and type takes. */
export function byteLength(shape: readonly number[], dtype: ElementType): number {
  return elementCount(shape) * ELEMENT_BYTES[dtype];
}
