// Encodes and decodes an Example as a protobuf message. example.ts loads this file on demand.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  BytesListSchema,
  ExampleSchema,
  FeatureSchema,
  FeaturesSchema,
  FloatListSchema,
  Int64ListSchema,
  type Feature,
} from '../proto/example_pb.js';

/** The values of one feature of an Example. */
export type FeatureValue =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: readonly number[] }
  | { readonly kind: 'int64'; readonly values: readonly bigint[] };

/** An Example of TensorFlow: features by name. */
export type Example = Readonly<Record<string, FeatureValue>>;

/** Encodes an Example. */
export function toBytes(example: Example): Uint8Array {
  const entries = Object.entries(example).map(([name, value]) => [name, toMessage(value)] as const);
  return toBinary(ExampleSchema, create(ExampleSchema, { features: create(FeaturesSchema, { feature: Object.fromEntries(entries) }) }));
}

/** Decodes an Example. */
export function fromBytes(bytes: Uint8Array): Example {
  const { features } = fromBinary(ExampleSchema, bytes);
  const entries = Object.entries(features?.feature ?? {}).flatMap(([name, message]) => {
    const value = fromMessage(message);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
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
