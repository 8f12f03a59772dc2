// Writes safetensors files.

import { check, checkOptions, encodeFloat16, oneOf, record, rule } from '../core/internal.js';
import { byteLength, namedArrays, type NamedArrays } from './namedArrays.js';
import { bytesOf, packedFloats, packSafetensors, type PackedArray } from './packSafetensors.js';
import { writeNotes } from './storedNotes.js';

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /**
   * How arrays are stored. `'float16'` halves the file size: arrays of two or more axes are rounded to 11 bits. Vectors (biases and
   * normalization statistics) stay float32, because they are small and a variance may exceed the range of float16.
   * @defaultValue 'float32'
   */
  readonly dtype?: 'float32' | 'float16' | undefined;
  /** Additional entries of the header's `__metadata__`, besides `preprocessing` and `classes`. @defaultValue none */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const isStrings = (value: unknown): boolean => record.accepts(value) && Object.values(value).every((item) => typeof item === 'string');
const RULES = {
  dtype: oneOf('float32', 'float16'),
  metadata: rule<Readonly<Record<string, string>>>('an object of strings', isStrings),
};

function remedyFor(arrays: unknown): string {
  return Array.isArray((arrays as { readonly layers?: unknown } | null | undefined)?.layers) ? 'Pass `await weightsOf(model)`.' : '';
}

/**
 * Writes arrays to a safetensors file.
 *
 * If the arrays have `preprocessing` and `classNames`, as those of `weightsOf` do, they are stored as JSON in `__metadata__`, under
 * `preprocessing` and `classes`.
 *
 * @throws {OptionError} when the arrays are not named arrays, or an option is unknown or invalid. {@link WeightsError} when a finite
 *   value exceeds the range of float16.
 * @example
 * await writeFile('model.safetensors', writeSafetensors(await weightsOf(model, { layout: 'timm' })));
 */
export function writeSafetensors(arrays: NamedArrays, options: WriteSafetensorsOptions = {}): Uint8Array {
  check('writeSafetensors', 'arrays', arrays, namedArrays, remedyFor(arrays));
  const { dtype = 'float32', metadata: given } = checkOptions('writeSafetensors', options, RULES);
  const packed = [...arrays].map(([name, array]): PackedArray => {
    const { shape } = array;
    if (dtype === 'float32' || shape.length < 2) return packedFloats(name, array);
    const bytes = (): Uint8Array => bytesOf(encodeFloat16('writeSafetensors', name, array.values()));
    return { name, dtype: 'F16', shape, byteLength: byteLength(shape, 'float16'), bytes };
  });
  return packSafetensors(packed, { ...writeNotes(arrays), ...given });
}
