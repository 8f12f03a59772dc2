// Writes safetensors files.

import { check, checkOptions, encodeFloat16, oneOf, record, rule } from '../core/internal.js';
import { byteLength, namedArrays, type NamedArrays } from './namedArrays.js';
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
  const metadata = { ...writeNotes(arrays), ...given };
  let end = 0;
  const places = [...arrays].map(([name, array]) => {
    const type = dtype === 'float16' && array.shape.length >= 2 ? ('float16' as const) : ('float32' as const);
    const start = end;
    end += byteLength(array.shape, type);
    return { name, array, type, start, end };
  });

  const header = Object.fromEntries(
    places.map(({ name, array, type, start, end }) => [
      name,
      { dtype: type === 'float16' ? 'F16' : 'F32', shape: array.shape, data_offsets: [start, end] },
    ]),
  );
  const json = new TextEncoder().encode(
    JSON.stringify(Object.keys(metadata).length === 0 ? header : { __metadata__: metadata, ...header }),
  );
  // Spaces after the header align the data to 8 bytes, so that it can be read without copying.
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes).set(json, 8);

  for (const { name, array, type, start } of places) {
    const values = array.values();
    const encoded = type === 'float16' ? encodeFloat16('writeSafetensors', name, values) : values;
    file.set(new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength), 8 + headerBytes + start);
  }
  return file;
}
