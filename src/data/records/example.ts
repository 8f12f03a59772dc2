// TensorFlow's Example: a record's bytes as named lists of bytes, floats or integers. Its messages: exampleMessages.ts.

import { anyNumber, check, instanceOf, record, rule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type * as messageModule from './exampleMessages.js';
import type { Example, FeatureValue } from './exampleMessages.js';

export type { Example, FeatureValue } from './exampleMessages.js';

export const BYTES = instanceOf(Uint8Array, 'a Uint8Array');
const bytesOrText = rule<Uint8Array | string>('a Uint8Array or a string', (value) => typeof value === 'string' || BYTES.accepts(value));
const wholeNumber = rule<number | bigint>('an integer of at most 64 bits', (value) => Number.isSafeInteger(value) || isInt64(value));
const featureValue = rule<FeatureValue>('what feature.bytes, feature.float or feature.int64 makes', isFeatureValue);

/** Makes the values of an Example. */
export const feature = {
  /** Bytes; text is written as UTF-8. */
  bytes: (...values: readonly (Uint8Array | string)[]): FeatureValue => {
    for (const value of values) check('feature.bytes', 'values', value, bytesOrText);
    return { kind: 'bytes', values: values.map((value) => (typeof value === 'string' ? new TextEncoder().encode(value) : value)) };
  },
  float: (...values: readonly number[]): FeatureValue => {
    for (const value of values) check('feature.float', 'values', value, anyNumber);
    return { kind: 'float', values };
  },
  /** Whole numbers. */
  int64: (...values: readonly (number | bigint)[]): FeatureValue => {
    for (const value of values) check('feature.int64', 'values', value, wholeNumber);
    return { kind: 'int64', values: values.map(BigInt) };
  },
};

/**
 * Writes an Example as the bytes that TensorFlow's `tf.io.parse_single_example` reads.
 *
 * @throws {OptionError} when a value is not one that `feature` makes.
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
 * Reads the bytes of an Example; names without values are left out.
 *
 * @param origin - The record's place, for errors.
 * @throws {DataError} when the bytes are no Example.
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

/** Throws unless a value of an Example is one that `feature` makes. */
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

/** Protobuf takes longer to load than the rest of this library, and few programs read records. */
function messages(): Promise<typeof messageModule> {
  return (loaded ??= import('./exampleMessages.js'));
}
