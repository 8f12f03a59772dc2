// Quantizes a float32 model to int8 in QDQ form, which engines recognize: the inputs of each operator are quantized and dequantized.
// calibrate.ts measures the ranges of the tensors.

import { OptionError } from '../core/index.js';
import { nodeProto, tensorProto } from './graph.js';
import { channelScales, floatsOf, OUTPUT_AXIS, toInt8 } from './int8.js';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from './proto/onnx_pb.js';

/** The lowest and highest value of a tensor. */
export type Range = readonly [lowest: number, highest: number];

/** Operators whose inputs and outputs are quantized. All others stay float32. */
const QUANTISED = new Set(['Conv', 'Gemm', 'Add', 'GlobalAveragePool']);
/** Operators that engines merge into the preceding one. Their output is quantized instead of its output. */
const ABSORBED = new Set(['Clip', 'Relu']);

/** Operators for activations and squeeze-and-excitation that have no fast int8 implementation. */
const FLOAT_ONLY = new Set(['Elu', 'HardSigmoid', 'LeakyRelu', 'Mul', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh']);

/**
 * Refuses networks that int8 would make slower: those with activations other than ReLU between their convolutions.
 *
 * @see docs/performance.md, "What int8 costs and saves", for measurements
 */
export function checkQuantizable({ graph }: ModelProto): void {
  const nodes = graph?.node ?? [];
  const isConvolution = ({ opType }: NodeProto): boolean => opType === 'Conv';
  const found = nodes
    .slice(nodes.findIndex(isConvolution), nodes.findLastIndex(isConvolution))
    .find(({ opType }) => FLOAT_ONLY.has(opType));
  if (found === undefined) return;
  throw new OptionError(
    `exportOnnx: expected a network of ReLU or ReLU6 without squeeze-and-excitation, such as 'lite0', for \`compute: ` +
      `'int8'\`, received one with '${found.name}'. ` +
      "Its activations would be computed in float32 between int8 convolutions, and take longer than they save. To make the file smaller, export it with `dtype: 'int8'` or `dtype: 'float16'`.",
  );
}

/** Returns the tensors whose ranges {@link quantize} needs. */
export function tensorsToCalibrate({ graph }: ModelProto): readonly string[] {
  return graph === undefined ? [] : [...quantisedTensors(graph)];
}

/**
 * Quantizes a model in place: activations to uint8 with a scale and a zero point per tensor, weights to symmetric int8 with a scale per
 * output channel, and biases to int32.
 */
export function quantize(model: ModelProto, ranges: ReadonlyMap<string, Range>): void {
  const { graph } = model;
  if (graph === undefined) return;
  const quantized = quantisedTensors(graph);
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const scales = new Map<string, number>();
  const nodes: NodeProto[] = [];

  const quantizeActivation = (tensor: string): void => {
    if (!quantized.has(tensor)) return;
    // Zero must be exact, because convolutions pad with zeros.
    const [lowest, highest] = ranges.get(tensor) ?? [0, 0];
    const [low, high] = [Math.min(0, lowest), Math.max(0, highest)];
    const scale = Math.fround((high - low) / 255) || 1;
    scales.set(tensor, scale);
    const parameters = [`${tensor}/scale`, `${tensor}/zero_point`];
    graph.initializer.push(
      tensorProto(`${tensor}/scale`, [], Float32Array.of(scale)),
      tensorProto(`${tensor}/zero_point`, [], Uint8Array.of(Math.round(-low / scale))),
    );
    nodes.push(nodeProto('QuantizeLinear', `${tensor}/quantized`, [tensor, ...parameters]));
    nodes.push(nodeProto('DequantizeLinear', `${tensor}/dequantized`, [`${tensor}/quantized`, ...parameters]));
  };
  const quantizeConstants = (inputScale: number, axis: number, weightsName: string, biasName: string | undefined): void => {
    const weights = constants.get(weightsName);
    if (weights === undefined) return;
    const bias = biasName === undefined ? undefined : constants.get(biasName);
    const shifts = bias === undefined ? undefined : floatsOf(bias);
    // The minimum scale keeps the bias within the range of int32.
    const weightScales = channelScales(weights, axis, (channel) => Math.abs(shifts?.[channel] ?? 0) / inputScale / 2 ** 30);
    replace(weights, toInt8(weights, axis, weightScales), weightScales, axis);
    if (bias === undefined || shifts === undefined) return;
    const biasScales = weightScales.map((scale) => scale * inputScale);
    replace(
      bias,
      Int32Array.from(shifts, (shift, channel) => Math.round(shift / (biasScales[channel] as number))),
      biasScales,
      0,
    );
  };
  const replace = (constant: TensorProto, values: Int8Array | Int32Array, scale: Float32Array, axis: number): void => {
    const { name } = constant;
    const zeros = values instanceof Int8Array ? new Int8Array(scale.length) : new Int32Array(scale.length);
    const parts = [
      tensorProto(`${name}/quantized`, constant.dims.map(Number), values),
      tensorProto(`${name}/scale`, [scale.length], scale),
      tensorProto(`${name}/zero_point`, [zeros.length], zeros),
    ];
    graph.initializer = [...graph.initializer.filter((other) => other !== constant), ...parts];
    nodes.push(
      nodeProto(
        'DequantizeLinear',
        name,
        parts.map((part) => part.name),
        { axis },
      ),
    );
  };

  for (const { name } of graph.input) quantizeActivation(name);
  for (const node of graph.node) {
    const [data = '', weights = '', bias] = node.input;
    if (isQuantized(node, constants)) {
      const axis = OUTPUT_AXIS[node.opType];
      if (axis !== undefined) quantizeConstants(scales.get(data) ?? 1, axis, weights, bias);
      node.input = node.input.map((tensor) => (quantized.has(tensor) ? `${tensor}/dequantized` : tensor));
    }
    nodes.push(node);
    quantizeActivation(node.output[0] ?? '');
  }
  graph.node = nodes;
}

/** Returns the inputs and outputs of the quantized operators. */
function quantisedTensors(graph: GraphProto): ReadonlySet<string> {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const readers = new Map<string, NodeProto[]>();
  for (const node of graph.node) for (const tensor of node.input) readers.set(tensor, [...(readers.get(tensor) ?? []), node]);
  const tensors = new Set<string>();
  for (const node of graph.node) {
    if (!isQuantized(node, constants)) continue;
    for (const tensor of node.input) if (!constants.has(tensor)) tensors.add(tensor);
    const [own = ''] = node.output;
    const [reader, ...others] = readers.get(own) ?? [];
    // A tensor that no operator reads is an output of the model and stays float32.
    if (reader !== undefined) tensors.add(others.length === 0 && ABSORBED.has(reader.opType) ? (reader.output[0] ?? own) : own);
  }
  return tensors;
}

/** Whether an operator is quantized. Adding a constant (the mean of the pixels) stays float32, because that is exact and fast. */
function isQuantized(node: NodeProto, constants: ReadonlyMap<string, TensorProto>): boolean {
  return QUANTISED.has(node.opType) && (node.opType !== 'Add' || !node.input.some((tensor) => constants.has(tensor)));
}
