// Reads safetensors files: 8 bytes with the length of the header, a JSON header, and the arrays. Everything in the header is checked.
// Format: huggingface/safetensors, README "Format".

import { check, instanceOf, show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { ElementType } from './elements.js';
import { byteLength, encodedArray, type NamedArrays, type WeightArray } from './namedArrays.js';
import { readNotes } from './storedNotes.js';
import { refuseOtherFormat } from './weightFormat.js';

/** Element types by their names in a header. */
export const SAFETENSORS_TYPES = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F8_E4M3: 'float8_e4m3fn',
  F8_E5M2: 'float8_e5m2',
  F8_E4M3FNUZ: 'float8_e4m3fnuz',
  F8_E5M2FNUZ: 'float8_e5m2fnuz',
  F8_E8M0: 'float8_e8m0fnu',
  C64: 'complex64',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
} as const satisfies Record<string, ElementType>;

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

interface Entry {
  readonly name: string;
  readonly array: WeightArray;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the arrays of a safetensors file: floats of 8 to 64 bits, integers and booleans.
 *
 * For files written by this library, the result also contains the model's `preprocessing`, `classNames` and `unknownThreshold`, which
 * `loadWeights` applies.
 *
 * @param bytes - The whole file. It is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is truncated or damaged. Every array must have a known type and the right number of bytes, and the
 *   arrays must fill the file without gaps or overlaps. {@link DataError} when the preprocessing in the file is damaged.
 * @example
 * const response = await fetch('efficientnet-lite0.safetensors');
 * const arrays = readSafetensors(new Uint8Array(await response.arrayBuffer()));
 * arrays.get('_conv_stem.weight')?.shape // [32, 3, 3, 3]
 */
export function readSafetensors(bytes: Uint8Array): NamedArrays {
  check('readSafetensors', 'bytes', bytes, instanceOf(Uint8Array, 'the bytes of a file'), 'Read the file first.');
  return readSafetensorsFor('readSafetensors', bytes);
}

/** Same as {@link readSafetensors}, for another function that has checked the bytes. */
export function readSafetensorsFor(where: string, bytes: Uint8Array): NamedArrays {
  refuseOtherFormat(where, bytes, 'safetensors');
  const { header, data } = split(where, bytes);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readEntry(where, name, entry, data))
    .sort((a, b) => a.start - b.start || a.end - b.end);

  let end = 0;
  for (const entry of entries) {
    if (entry.start !== end) {
      throw broken(
        where,
        `expected '${entry.name}' to begin at byte ${end} of the data, received ${entry.start}`,
        'Arrays must neither overlap nor leave a gap.',
      );
    }
    end = entry.end;
  }
  if (end !== data.byteLength)
    throw broken(where, `expected ${end} bytes of data, received ${data.byteLength}`, 'The file is truncated or damaged.');
  const { __metadata__: strings } = header;
  const notes =
    typeof strings === 'object' && strings !== null ? readNotes(where, 'the safetensors file', strings as Record<string, unknown>) : {};
  return Object.assign(new Map(entries.map(({ name, array }) => [name, array])), notes);
}

function split(where: string, bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.byteLength < 8) throw broken(where, `expected at least 8 bytes, received ${bytes.byteLength}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw broken(
      where,
      `the header claims ${length} bytes, more than the limit of ${MAX_HEADER_BYTES}`,
      'It is damaged or not a safetensors file.',
    );
  if (length > BigInt(bytes.byteLength - 8)) {
    throw broken(
      where,
      `the header claims ${length} bytes, the file has ${bytes.byteLength}`,
      'It is truncated, damaged or not a safetensors file.',
    );
  }
  const data = bytes.subarray(8 + Number(length));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + Number(length)));
    const header: unknown = JSON.parse(text);
    if (typeof header !== 'object' || header === null || Array.isArray(header))
      throw broken(where, 'expected the header to be a JSON object');
    refuseDuplicates(where, text);
    return { header: header as Record<string, unknown>, data };
  } catch (cause) {
    if (cause instanceof WeightsError) throw cause;
    throw broken(where, 'the header is not valid JSON', 'The file is damaged or not a safetensors file.', cause);
  }
}

/** JSON.parse silently keeps the last of two equal names. */
function refuseDuplicates(where: string, json: string): void {
  const names = new Set<string>();
  let depth = 0;
  // The pattern matches whole strings, so that braces inside names are not counted. A name is a string before a colon.
  for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"(?:\s*:)?|[{}]/gs)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) {
      const name = JSON.parse(token.slice(0, -1)) as string;
      if (names.has(name)) throw broken(where, `two arrays are named ${show(name)}`);
      names.add(name);
    }
  }
}

function readEntry(where: string, name: string, entry: unknown, data: Uint8Array): Entry {
  const { dtype, shape, data_offsets: offsets } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(SAFETENSORS_TYPES, dtype)) {
    throw broken(where, `expected one of ${Object.keys(SAFETENSORS_TYPES).join(', ')} as the type of '${name}', received ${show(dtype)}`);
  }
  if (!isIntegers(shape)) throw broken(where, `expected the shape of '${name}' to be integers of at least 0, received ${show(shape)}`);
  if (!isIntegers(offsets) || offsets.length !== 2)
    throw broken(where, `expected the offsets of '${name}' to be two integers, received ${show(offsets)}`);
  const [start, end] = offsets as readonly [number, number];
  if (end > data.byteLength) {
    throw broken(where, `'${name}' ends at byte ${end} of the data, the file has ${data.byteLength}`, 'It is truncated or damaged.');
  }
  const type = SAFETENSORS_TYPES[dtype as keyof typeof SAFETENSORS_TYPES];
  if (byteLength(shape, type) !== end - start) {
    throw broken(
      where,
      `expected ${byteLength(shape, type)} bytes for '${name}' of type ${dtype} and shape [${shape.join(', ')}], received ${end - start}`,
    );
  }
  return { name, array: encodedArray(shape, type, () => data.subarray(start, end)), start, end };
}

function isIntegers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

function broken(where: string, what: string, remedy = '', cause?: unknown): WeightsError {
  return new WeightsError(`${where}: ${what}.${remedy === '' ? '' : ` ${remedy}`}`, cause === undefined ? {} : { cause });
}
