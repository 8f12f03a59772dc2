// Builds an ONNX graph: its operators, constants and names.

import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TypeProto_TensorSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './proto/onnx_pb.js';

/** Values of `TensorProto.data_type`. */
export const DATA_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;

/** An integer, a list of integers, a string, or a number that ONNX stores as a float. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** One dimension of a shape: a number, or a name if any size is allowed. */
export type Dimension = number | string;

/** The values of a constant. */
export type ConstantValues = Float32Array | Uint16Array | BigInt64Array | Int8Array | Uint8Array | Int32Array;

/** An ONNX graph under construction. */
export interface OnnxGraph {
  /** Adds an input and returns its tensor's name. */
  input(name: string, shape: readonly Dimension[]): string;
  /** Adds an operator with one output and returns the name of the output: the name of the operator, made unique. */
  node(operator: string, name: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
  /** Whether a tensor has that name. */
  has(tensor: string): boolean;
  /** Adds a constant and returns the name of its tensor. Scalars with the same name are added only once. */
  constant(name: string, shape: readonly number[], values: ConstantValues, type?: keyof typeof DATA_TYPES): string;
  /** Makes a tensor an output of the graph, with the given name. */
  output(tensor: string, name: string, shape: readonly Dimension[]): void;
  /** Returns the graph as a model. */
  model(name: string, metadata: Readonly<Record<string, string>>): ModelProto;
}

/** The operator set of the files, and the format version that was released with it. */
const OPSET = 17;
const IR_VERSION = 8;

const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** Creates an empty graph. */
export function createGraph(): OnnxGraph {
  const nodes: NodeProto[] = [];
  const constants = new Map<string, TensorProto>();
  const inputs: ValueInfoProto[] = [];
  const outputs: ValueInfoProto[] = [];
  const names = new Set<string>();

  const unique = (name: string): string => {
    let result = name;
    for (let i = 1; names.has(result); i++) result = `${name}_${i}`;
    names.add(result);
    return result;
  };
  const rename = (from: string, to: string): void => {
    for (const node of nodes) {
      node.input = node.input.map((name) => (name === from ? to : name));
      node.output = node.output.map((name) => (name === from ? to : name));
    }
    names.add(to);
  };

  const graph: OnnxGraph = {
    input(name, shape) {
      const tensor = unique(name);
      inputs.push(valueInfo(tensor, shape));
      return tensor;
    },
    node(opType, name, input, attributes = {}) {
      const output = unique(name);
      nodes.push(nodeProto(opType, output, input, attributes));
      return output;
    },
    has: (tensor) => names.has(tensor),
    constant(name, shape, values, type = typeOf(values)) {
      if (shape.length === 0 && constants.has(name)) return name;
      const tensor = unique(name);
      constants.set(tensor, tensorProto(tensor, shape, values, type));
      return tensor;
    },
    output(tensor, name, shape) {
      const given = [...inputs, ...outputs].some((info) => info.name === tensor);
      if (given) graph.node('Identity', name, [tensor]);
      else if (tensor !== name) {
        // A tensor inside the graph may have the same name: the output of the same layer with channels first.
        if (names.has(name)) rename(name, unique(`${name}/nchw`));
        rename(tensor, name);
      }
      outputs.push(valueInfo(name, shape));
    },
    model(name, metadata) {
      const initializer = [...constants.values()];
      return create(ModelProtoSchema, {
        irVersion: BigInt(IR_VERSION),
        producerName: 'effnet-ts',
        opsetImport: [create(OperatorSetIdProtoSchema, { version: BigInt(OPSET) })],
        metadataProps: Object.entries(metadata).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
        graph: create(GraphProtoSchema, { name, node: nodes, initializer, input: inputs, output: outputs }),
      });
    },
  };
  return graph;
}

/** Creates an operator with one output of the same name. */
export function nodeProto(
  opType: string,
  name: string,
  input: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
  return create(NodeProtoSchema, { opType, name, input: [...input], output: [name], attribute });
}

/** Creates a constant. */
export function tensorProto(
  name: string,
  shape: readonly number[],
  values: ConstantValues,
  type: keyof typeof DATA_TYPES = typeOf(values),
): TensorProto {
  const rawData = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: DATA_TYPES[type], rawData });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.int, i: BigInt(value) });
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.string, s: new TextEncoder().encode(value) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.float, f: value.float });
  return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.ints, ints: value.map(BigInt) });
}

/** Describes an input or output. All of them are float32. */
export function valueInfo(name: string, shape: readonly Dimension[]): ValueInfoProto {
  const dim = shape.map((length) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof length === 'number' ? { case: 'dimValue', value: BigInt(length) } : { case: 'dimParam', value: length },
    }),
  );
  const value = create(TypeProto_TensorSchema, { elemType: DATA_TYPES.float32, shape: create(TensorShapeProtoSchema, { dim }) });
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { value: { case: 'tensorType', value } }) });
}

function typeOf(values: ConstantValues): keyof typeof DATA_TYPES {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Uint16Array) return 'float16';
  if (values instanceof BigInt64Array) return 'int64';
  if (values instanceof Int8Array) return 'int8';
  return values instanceof Uint8Array ? 'uint8' : 'int32';
}
