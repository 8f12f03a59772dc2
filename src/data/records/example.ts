// TensorFlow's Example: a record of named lists of bytes, floats or integers. exampleMessages.ts encodes and decodes it.

import { anyNumber, check, instanceOf, record, rule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type * as messageModule from './exampleMessages.js';
import type { Example, FeatureValue } from './exampleMessages.js';

export type { Example, FeatureValue } from './exampleMessages.js';

export const BYTES = instanceOf(Uint8Array, 'a Uint8Array');
const bytesOrText = rule<Uint8Array | string>('a Uint8Array or a string', (value) => typeof value === 'string' || BYTES.accepts(value));
const wholeNumber = rule<number | bigint>('an integer of at most 64 bits', (value) => Number.isSafeInteger(value) || isInt64(value));
const featureValue = rule<FeatureValue>('what feature.bytes, feature.float or feature.int64 returns', isFeatureValue);

/** Creates the values of an {@link Example}. */
export const feature = {
  /** Bytes. Strings are encoded as UTF-8. */
  bytes: (...values: readonly (Uint8Array | string)[]): FeatureValue => {
    for (const value of values) check('feature.bytes', 'values', value, bytesOrText);
    return { kind: 'bytes', values: values.map((value) => (typeof value === 'string' ? new TextEncoder().encode(value) : value)) };
  },
  /** Numbers, which are stored as float32. */
  float: (...values: readonly number[]): FeatureValue => {
    for (const value of values) check('feature.float', 'values', value, anyNumber);
    return { kind: 'float', values };
  },
  /** Integers of up to 64 bits. */
  int64: (...values: readonly (number | bigint)[]): FeatureValue => {
    for (const value of values) check('feature.int64', 'values', value, wholeNumber);
    return { kind: 'int64', values: values.map(BigInt) };
  },
};

/**
 * Encodes an Example as bytes that TensorFlow's `tf.io.parse_single_example` can read.
 *
 * @throws {OptionError} when a value was not created with `feature`.
 * @example
 * const bytes = await encodeExample({ 'image/encoded': feature.bytes(jpeg), 'image/class/label': feature.int64(389) });
 */
export async function encodeExample(example: Example): Promise<Uint8Array> {
  check('encodeExample', 'example', example, record);
  for (const [name, value] of Object.entries(example)) checkFeature('encodeExample', name, value);
  const { toBytes } = await messages();
  return toBytes(example);
}

/**
 * Decodes the bytes of an Example. Names without values are left out.
 *
 * @param origin - Where the record comes from, for error messages.
 * @throws {OptionError} when `bytes` is not a Uint8Array, or `origin` is not a string.
 * @throws {DataError} when the bytes are not an Example.
 */
export async function decodeExample(bytes: Uint8Array, origin = 'record'): Promise<Example> {
  check('decodeExample', 'bytes', bytes, BYTES);
  check('decodeExample', 'origin', origin, text);
  const { fromBytes } = await messages();
  try {
    return fromBytes(bytes);
  } catch (cause) {
    throw new DataError(`decodeExample: expected a TensorFlow Example, received ${bytes.length} other bytes in '${origin}'.`, {
      cause,
      origin,
    });
  }
}

/** Throws unless a value of an Example has the form that `feature` returns. */
export function checkFeature(where: string, name: string, value: unknown): asserts value is FeatureValue {
  check(where, `example['${name}']`, value, featureValue);
}

function isFeatureValue(value: unknown): boolean {
  const { kind, values } = (value ?? {}) as { readonly kind?: unknown; readonly values?: unknown };
  if (!Array.isArray(values)) return false;
  switch (kind) {
    case 'bytes':
      return values.every(BYTES.accepts);
    case 'float':
      return values.every(anyNumber.accepts);
    case 'int64':
      return values.every(isInt64);
    default:
      return false;
  }
}

function isInt64(value: unknown): boolean {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
}

let loaded: Promise<typeof messageModule> | undefined;

/** Protobuf takes longer to load than the rest of this library, and few programs read records, so it is loaded on demand. */
function messages(): Promise<typeof messageModule> {
  return (loaded ??= import('./exampleMessages.js'));
}
