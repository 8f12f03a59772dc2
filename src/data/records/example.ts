// TensorFlow's Example: a record's bytes as named lists of bytes, floats or integers.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { DataError } from '../../core/index.js';
import { BytesListSchema, ExampleSchema, FeatureSchema, FeaturesSchema, FloatListSchema, Int64ListSchema, type Feature } from '../proto/example_pb.js';

/** The values under one name of an Example. */
export type FeatureValue =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: readonly number[] }
  | { readonly kind: 'int64'; readonly values: readonly bigint[] };

/** An Example of TensorFlow: values by name. */
export type Example = Readonly<Record<string, FeatureValue>>;

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
 * const bytes = encodeExample({ 'image/encoded': feature.bytes(jpeg), 'image/class/label': feature.int64(389) });
 */
export function encodeExample(example: Example): Uint8Array {
  const entries = Object.entries(example).map(([name, value]) => [name, toMessage(value)] as const);
  return toBinary(ExampleSchema, create(ExampleSchema, { features: create(FeaturesSchema, { feature: Object.fromEntries(entries) }) }));
}

/**
 * Reads the bytes of an Example; names without values are left out.
 *
 * @param origin - The record's place, for errors.
 * @throws {DataError} when the bytes are no Example.
 */
export function decodeExample(bytes: Uint8Array, origin = 'record'): Example {
  try {
    const { features } = fromBinary(ExampleSchema, bytes);
    const entries = Object.entries(features?.feature ?? {}).flatMap(([name, message]) => {
      const value = fromMessage(message);
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(entries);
  } catch (cause) {
    throw new DataError(`decodeExample: expected a TensorFlow Example, received ${bytes.length} other bytes in '${origin}'.`, { cause, origin });
  }
}

function toMessage(value: FeatureValue): Feature {
  switch (value.kind) {
    case 'bytes':
      return create(FeatureSchema, { kind: { case: 'bytesList', value: create(BytesListSchema, { value: [...value.values] }) } });
    case 'float':
      return create(FeatureSchema, { kind: { case: 'floatList', value: create(FloatListSchema, { value: [...value.values] }) } });
    case 'int64':
      return create(FeatureSchema, { kind: { case: 'int64List', value: create(Int64ListSchema, { value: [...value.values] }) } });
  }
}

function fromMessage({ kind }: Feature): FeatureValue | undefined {
  switch (kind.case) {
    case 'bytesList':
      return { kind: 'bytes', values: kind.value.value };
    case 'floatList':
      return { kind: 'float', values: kind.value.value };
    case 'int64List':
      return { kind: 'int64', values: kind.value.value };
    case undefined:
      return undefined;
  }
}
