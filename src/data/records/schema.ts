// Record schemas: which features of an Example a record has, their names and their defaults.

import {
  anyNumber,
  anyString,
  anything,
  boolean,
  check,
  checkOptions,
  decodeText,
  invalid,
  oneOf,
  record as recordRule,
  type Rule,
  seed as integer,
  text,
} from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { BYTES, checkFeature, feature, type Example, type FeatureValue } from './example.js';

/** One feature of a record, of the given kind. */
export interface RecordFieldOf<Kind extends string, Value> {
  /** Name of the feature in the Example. */
  readonly key: string;
  readonly kind: Kind;
  /** Whether the feature is a list of any length instead of one value. @defaultValue false */
  readonly list?: boolean | undefined;
  /** Value of a missing feature. @defaultValue none: a missing feature is an error */
  readonly default?: Value | readonly Value[] | undefined;
}

/** One feature of a record. */
export type RecordField =
  | RecordFieldOf<'bytes', Uint8Array>
  | RecordFieldOf<'text', string>
  | RecordFieldOf<'float', number>
  /** `first` is the stored number that becomes 0, for labels that start at 1. */
  | (RecordFieldOf<'int64', number> & { readonly first?: number | undefined });

/** The features of a record, by their names in the decoded record. */
export type RecordSchema = Readonly<Record<string, RecordField>>;

/** The type of a feature's value, by its kind. */
export interface RecordValues {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly float: number;
  readonly int64: number;
}

/** The decoded record of a schema. */
export type RecordOf<S extends RecordSchema> = {
  readonly [K in keyof S]: S[K] extends { readonly list: true } ? readonly RecordValues[S[K]['kind']][] : RecordValues[S[K]['kind']];
};

const box = {
  boxXMin: { key: 'image/object/bbox/xmin', kind: 'float', list: true, default: [] },
  boxXMax: { key: 'image/object/bbox/xmax', kind: 'float', list: true, default: [] },
  boxYMin: { key: 'image/object/bbox/ymin', kind: 'float', list: true, default: [] },
  boxYMax: { key: 'image/object/bbox/ymax', kind: 'float', list: true, default: [] },
} as const satisfies RecordSchema;

/** A schema of labeled images. `image` is an encoded image, `label` a class index from 0. */
export type ImageRecordSchema = Readonly<
  Record<'image', RecordFieldOf<'bytes', Uint8Array>> &
    Record<'label', RecordFieldOf<'int64', number> & { readonly first?: number | undefined }> &
    Record<'height' | 'width' | 'channels', RecordFieldOf<'int64', number>> &
    Record<'text' | 'filename' | 'colorspace' | 'format', RecordFieldOf<'text', string>> &
    Record<'boxXMin' | 'boxXMax' | 'boxYMin' | 'boxYMax', RecordFieldOf<'float', number> & { readonly list: true }>
>;

/** Schemas of common image records. */
export const RECORD_SCHEMAS: Readonly<
  Record<'flat', ImageRecordSchema> & Record<'imagenet', ImageRecordSchema & Record<'synset', RecordFieldOf<'text', string>>>
> = {
  /** The official ImageNet records. Their labels 1 to 1000 become 0 to 999. */
  imagenet: {
    image: { key: 'image/encoded', kind: 'bytes' },
    label: { key: 'image/class/label', kind: 'int64', first: 1 },
    text: { key: 'image/class/text', kind: 'text', default: '' },
    synset: { key: 'image/class/synset', kind: 'text', default: '' },
    filename: { key: 'image/filename', kind: 'text', default: '' },
    height: { key: 'image/height', kind: 'int64', default: 0 },
    width: { key: 'image/width', kind: 'int64', default: 0 },
    channels: { key: 'image/channels', kind: 'int64', default: 3 },
    colorspace: { key: 'image/colorspace', kind: 'text', default: 'RGB' },
    format: { key: 'image/format', kind: 'text', default: 'JPEG' },
    ...box,
  },
  /** Records with short feature names and labels from 0. */
  flat: {
    image: { key: 'image', kind: 'bytes' },
    label: { key: 'label', kind: 'int64' },
    height: { key: 'height', kind: 'int64', default: 0 },
    width: { key: 'width', kind: 'int64', default: 0 },
    channels: { key: 'channels', kind: 'int64', default: 3 },
    colorspace: { key: 'colorspace', kind: 'text', default: 'RGB' },
    format: { key: 'img_format', kind: 'text', default: 'JPEG' },
    boxXMin: { ...box.boxXMin, key: 'bbox_xmin' },
    boxXMax: { ...box.boxXMax, key: 'bbox_xmax' },
    boxYMin: { ...box.boxYMin, key: 'bbox_ymin' },
    boxYMax: { ...box.boxYMax, key: 'bbox_ymax' },
    text: { key: 'text', kind: 'text', default: '' },
    filename: { key: 'filename', kind: 'text', default: '' },
  },
};

/**
 * Reads the features of a schema from an Example.
 *
 * @param origin - Where the record comes from, for error messages.
 * @throws {OptionError} when an argument has a wrong value.
 * @throws {DataError} when a feature is missing and has no default, has another kind, does not have exactly one value without `list`, or is
 *   text that is not UTF-8.
 * @example
 * const { image, label } = parseExample(await decodeExample(bytes), RECORD_SCHEMAS.imagenet);
 */
export function parseExample<const S extends RecordSchema>(example: Example, schema: S, origin = 'record'): RecordOf<S> {
  check('parseExample', 'example', example, recordRule);
  checkSchema('parseExample', schema);
  check('parseExample', 'origin', origin, text);
  const fields = Object.entries(schema).map(([name, field]) => {
    const values = valuesOf(example, field, origin);
    if (field.list === true) return [name, values] as const;
    if (values.length !== 1) throw unfit(field, origin, 'one value', `${values.length} values`);
    return [name, values[0]] as const;
  });
  return Object.fromEntries(fields) as RecordOf<S>;
}

/**
 * Converts a record of a schema to an Example. The inverse of `parseExample`.
 *
 * @throws {OptionError} when the schema is invalid, or a value of the record is missing or has another kind than in the schema.
 */
export function formatExample<const S extends RecordSchema>(record: RecordOf<S>, schema: S): Example {
  checkSchema('formatExample', schema);
  return formatExampleFor('formatExample', 'record', record, schema);
}

/** Converts a record for another function. Errors name that function. It must have checked the schema. */
export function formatExampleFor<const S extends RecordSchema>(where: string, option: string, record: RecordOf<S>, schema: S): Example {
  check(where, option, record, recordRule);
  const fields = Object.entries(schema).map(([name, field]) => {
    const given = record[name as keyof S] as unknown;
    const values = field.list === true ? given : [given];
    const wanted = VALUES[field.kind];
    if (!Array.isArray(values) || !values.every(wanted.accepts)) {
      throw invalid(where, `${option}.${name}`, field.list === true ? `an array, each ${wanted.expected}` : wanted.expected, given);
    }
    return [field.key, toFeature(field, values as unknown as readonly never[])] as const;
  });
  return Object.fromEntries(fields);
}

/** Rules for the values of a record, by kind. */
const VALUES: Readonly<Record<RecordField['kind'], Rule<unknown>>> = {
  bytes: BYTES,
  text: anyString,
  float: anyNumber,
  int64: integer,
};

/** Throws unless every field of a schema has a unique key and a kind, and no unknown options. */
export function checkSchema(where: string, schema: unknown): asserts schema is RecordSchema {
  check(where, 'schema', schema, recordRule);
  const nameOf = new Map<string, string>();
  for (const [name, field] of Object.entries(schema) as [string, RecordField][]) {
    const option = `schema.${name}`;
    checkOptions<RecordFieldOf<string, unknown> & { readonly first?: number | undefined }>(
      where,
      field,
      { key: text, kind: anything, list: boolean, default: anything, first: integer },
      option,
    );
    check(where, `${option}.key`, field.key, text);
    const other = nameOf.get(field.key);
    if (other !== undefined)
      throw invalid(
        where,
        `${option}.key`,
        `another key than that of \`schema.${other}\``,
        field.key,
        'An Example has one feature per key.',
      );
    nameOf.set(field.key, name);
    check(where, `${option}.kind`, field.kind, oneOf('bytes', 'text', 'float', 'int64'));
    for (const value of field.default === undefined ? [] : [field.default].flat())
      check(where, `${option}.default`, value, VALUES[field.kind]);
  }
}

function valuesOf(example: Example, field: RecordField, origin: string): readonly unknown[] {
  const value = example[field.key];
  // TensorFlow may write a missing feature as an empty list.
  if (value !== undefined) checkFeature('parseExample', field.key, value);
  if (value === undefined || (value.values.length === 0 && field.list !== true)) {
    if (field.default === undefined)
      throw unfit(field, origin, `a feature of ${field.kind}`, `only ${Object.keys(example).sort().join(', ')}`);
    return Array.isArray(field.default) ? field.default : [field.default];
  }
  if (value.kind !== (field.kind === 'text' ? 'bytes' : field.kind)) {
    if (value.values.length === 0) return [];
    throw unfit(field, origin, field.kind, value.kind);
  }
  return fromFeature(field, value, origin);
}

function fromFeature(field: RecordField, value: FeatureValue, origin: string): readonly unknown[] {
  if (field.kind === 'text') {
    const remedy = "Read this feature with kind: 'bytes', and decode it with a TextDecoder of its encoding.";
    return (value.values as readonly Uint8Array[]).map((bytes) =>
      decodeText(bytes, { where: 'parseExample', origin: `${origin}, ${field.key}`, remedy }),
    );
  }
  if (field.kind !== 'int64') return value.values;
  return (value.values as readonly bigint[]).map((whole) => {
    const number = Number(whole) - (field.first ?? 0);
    if (!Number.isSafeInteger(number)) throw unfit(field, origin, 'an integer of at most 53 bits', String(whole));
    return number;
  });
}

function toFeature(field: RecordField, values: readonly never[]): FeatureValue {
  switch (field.kind) {
    case 'bytes':
    case 'text':
      return feature.bytes(...values);
    case 'float':
      return { kind: 'float', values };
    case 'int64':
      return { kind: 'int64', values: values.map((value: number) => BigInt(value + (field.first ?? 0))) };
  }
}

function unfit(field: RecordField, origin: string, expected: string, received: string): DataError {
  return new DataError(`parseExample: expected ${expected} under '${field.key}' in '${origin}', received ${received}.`, { origin });
}
