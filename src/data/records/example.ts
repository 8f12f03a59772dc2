// TensorFlow's Example: a record's bytes as named lists of bytes, floats or integers. Its messages: exampleMessages.ts.

import { DataError } from '../../core/index.js';
import type * as messageModule from './exampleMessages.js';
import type { Example, FeatureValue } from './exampleMessages.js';

export type { Example, FeatureValue } from './exampleMessages.js';

/** Makes the values of an Example. */
export const feature = {
  /** Bytes; text is written as UTF-8. */
  bytes: (...values: readonly (Uint8Array | string)[]): FeatureValue => ({
    kind: 'bytes',
    values: values.map((value) => (typeof value === 'string' ? new TextEncoder().encode(value) : value)),
  }),
  float: (...values: readonly number[]): FeatureValue => ({ kind: 'float', values }),
  /** Whole numbers. */
  int64: (...values: readonly (number | bigint)[]): FeatureValue => ({ kind: 'int64', values: values.map(BigInt) }),
};

/**
 * Writes an Example as the bytes that TensorFlow's `tf.io.parse_single_example` reads.
 *
 * @example
 * const bytes = await encodeExample({ 'image/encoded': feature.bytes(jpeg), 'image/class/label': feature.int64(389) });
 */
export async function encodeExample(example: Example): Promise<Uint8Array> {
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
  const { fromBytes } = await messages();
  try {
    return fromBytes(bytes);
  } catch (cause) {
    throw new DataError(`decodeExample: expected a TensorFlow Example, received ${bytes.length} other bytes in '${origin}'.`, { cause, origin });
  }
}

let loaded: Promise<typeof messageModule> | undefined;

/** Protobuf takes longer to load than the rest of this library, and few programs read records. */
function messages(): Promise<typeof messageModule> {
  return (loaded ??= import('./exampleMessages.js'));
}
