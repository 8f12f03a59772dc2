// A float32 model whose kernels are stored in fewer bytes. Engines turn them into float32 when they load the file, and compute as before.

import { encodeFloat16 } from '../core/internal.js';
import { DATA_TYPES, nodeProto, tensorProto } from './graph.js';
import { channelScales, floatsOf, OUTPUT_AXIS, toInt8 } from './int8.js';
import type { ModelProto, NodeProto } from './proto/onnx_pb.js';

/** Shorter constants stay float32: they are small. So do vectors, such as biases. */
const FEWEST_VALUES = 256;

/**
 * Stores the kernels of a model as float16, or as int8 with a scale for each output channel; changes the model in place.
 *
 * @throws {WeightsError} when a number exceeds the range of float16.
 */
export function storeWeights({ graph }: ModelProto, dtype: 'float16' | 'int8'): void {
  if (graph === undefined) return;
  const axes = outputAxes(graph.node);
  const nodes: NodeProto[] = [];
  graph.initializer = graph.initializer.flatMap((tensor) => {
    const axis = axes.get(tensor.name);
    if (axis === undefined || tensor.dims.length < 2 || floatsOf(tensor).length < FEWEST_VALUES) return [tensor];
    const { name } = tensor;
    const shape = tensor.dims.map(Number);
    if (dtype === 'float16') {
      nodes.push(nodeProto('Cast', name, [`${name}/float16`], { to: DATA_TYPES.float32 }));
      return [tensorProto(`${name}/float16`, shape, encodeFloat16('exportOnnx', name, floatsOf(tensor)))];
    }
    const scales = channelScales(tensor, axis);
    // Cast and Mul, not DequantizeLinear: engines compute these two once, when they load the file, and that one at every run.
    nodes.push(
      nodeProto('Cast', `${name}/whole`, [`${name}/int8`], { to: DATA_TYPES.float32 }),
      nodeProto('Mul', name, [`${name}/whole`, `${name}/scale`]),
    );
    return [
      tensorProto(`${name}/int8`, shape, toInt8(tensor, axis, scales)),
      tensorProto(
        `${name}/scale`,
        shape.map((length, i) => (i === axis ? length : 1)),
        scales,
      ),
    ];
  });
  graph.node.unshift(...nodes);
}

/** The kernels, by name, and the axis along which their outputs lie. */
function outputAxes(nodes: readonly NodeProto[]): ReadonlyMap<string, number> {
  return new Map(
    nodes.flatMap(({ opType, input: [, kernel = ''] }) => {
      const axis = OUTPUT_AXIS[opType];
      return axis === undefined ? [] : [[kernel, axis] as const];
    }),
  );
}
