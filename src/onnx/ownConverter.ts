// Types for custom converters, and their adapter to the built-in ones.

import { isEffnetError, OptionError } from '../core/index.js';
import { record, rule, show, type Rule } from '../core/internal.js';
import { reasonOf } from '../models/internal.js';
import type { Attribute, ConstantValues, OnnxGraph } from './graph.js';
import type { Converter, LayerContext, LayerWeight } from './layerContext.js';
import { made, type Shape } from './value.js';

/** A tensor in an ONNX graph. */
export interface OnnxValue {
  /** Name of the tensor. */
  readonly tensor: string;
  /** Shape in the order of the graph: `[batch, channels, height, width]` for feature maps. Unknown sizes are `null`. */
  readonly shape: Shape;
}

/** One call of a layer, as passed to an {@link OnnxConverter}. */
export interface OnnxLayer {
  /** Name of the layer, prefixed with the names of the models that contain it. Names of operators and constants should start with it. */
  readonly name: string;
  readonly className: string;
  /** The result of the layer's `getConfig`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Weights by the names passed to `addWeight`, in the layer's own axis order. */
  readonly weights: ReadonlyMap<string, LayerWeight>;
  readonly inputs: readonly OnnxValue[];
  /** Expected shape of the output, in the order of the graph: `[batch, channels, height, width]` for feature maps. */
  readonly shape: Shape;
  /** Adds an ONNX operator (operator set 17) with one output, and returns the name of the output. */
  readonly node: (operator: string, name: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>) => string;
  /** Adds a constant, and returns its name. The array determines the type: float32, int64 (`BigInt64Array`), int32, int8 or uint8. */
  readonly constant: (name: string, shape: readonly number[], values: ConstantValues) => string;
}

/** Adds the operators of a layer to the graph, and returns the name of the output tensor. */
export type OnnxConverter = (layer: OnnxLayer) => string;

/** Validation rule of the option `converters`. */
export const converters: Rule<Readonly<Record<string, OnnxConverter>>> = rule(
  'functions by class name',
  (value) => record.accepts(value) && Object.values(value).every((convert) => typeof convert === 'function'),
);

/** Turns a custom converter into a converter of this library. */
export function ownConverter(convert: OnnxConverter): Converter {
  return (layer) => {
    const { graph, name, className, config, weights, shape } = layer;
    const inputs = layer.inputs.map((value) => ({ tensor: value.read(), shape: inGraph(value.shape) }));
    let tensor: unknown;
    try {
      tensor = convert({
        name,
        className,
        config,
        weights,
        inputs,
        shape: inGraph(shape),
        node(operator, nodeName, tensors, attributes) {
          // An empty name leaves out an optional input.
          const unknown = tensors.find((each) => each !== '' && !isTensor(graph, each));
          if (unknown !== undefined) {
            throw new OptionError(
              `exportOnnx: expected the names of tensors in the graph for the inputs of '${nodeName}', which the converter of ` +
                `'${className}' adds, received ${show(unknown)}.`,
            );
          }
          return graph.node(operator, nodeName, tensors, attributes);
        },
        constant: (constantName, lengths, values) => graph.constant(constantName, lengths, values),
      });
    } catch (cause) {
      if (isEffnetError(cause)) throw cause;
      throw new OptionError(
        `exportOnnx: expected the converter of '${className}' to convert '${name}', received an error: ${reasonOf(cause)}.`,
        { cause },
      );
    }
    if (!isTensor(graph, tensor)) {
      throw new OptionError(
        `exportOnnx: expected the converter of '${className}' to return the name of a tensor in the graph for '${name}', ` +
          `received ${show(tensor)}. Return what \`node\` returned.`,
      );
    }
    return made(layer.shape, tensor as string);
  };
}

function isTensor(graph: OnnxGraph, value: unknown): boolean {
  return typeof value === 'string' && graph.has(value);
}

function inGraph(shape: LayerContext['shape']): Shape {
  const [batch = null, height = null, width = null, channels = null] = shape;
  return shape.length === 4 ? [batch, channels, height, width] : shape;
}
