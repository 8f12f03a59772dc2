// Stores the kernels of a float32 model in fewer bytes. Engines convert them back to float32 when they load the file.

import { encodeFloat16 } from '../core/internal.js';
import { DATA_TYPES, nodeProto, tensorProto } from './graph.js';
import { channelScales, floatsOf, OUTPUT_AXIS, toInt8 } from './int8.js';
import type { ModelProto, NodeProto } from './proto/onnx_pb.js';

/** Constants with fewer values stay float32, because they are small. Vectors such as biases stay float32, too. */
const FEWEST_VALUES = 256;

/**
 * Stores the kernels of a model as float16, or as int8 with a scale per output channel. Changes the model in place.
 *
 * @param where - The function that the user called, for error messages.
 * @throws {WeightsError} when a value exceeds the range of float16.
 */
export function storeWeights(where: string, { graph }: ModelProto, dtype: 'float16' | 'int8'): void {
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
      return [tensorProto(`${name}/float16`, shape, encodeFloat16(where, name, floatsOf(tensor)))];
    }
    const scales = channelScales(tensor, axis);
    // Uses Cast and Mul, because engines compute them once when they load the file. They compute DequantizeLinear at every run.
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

/** Returns the names of the kernels, each with its output axis. */
function outputAxes(nodes: readonly NodeProto[]): ReadonlyMap<string, number> {
  return new Map(
    nodes.flatMap(({ opType, input: [, kernel = ''] }) => {
      const axis = OUTPUT_AXIS[opType];
      return axis === undefined ? [] : [[kernel, axis] as const];
    }),
  );
}
