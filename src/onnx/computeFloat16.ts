// Converts a float32 model to one that computes in float16. Its inputs and outputs stay float32.

import { encodeFloat16 } from '../core/internal.js';
import { DATA_TYPES, nodeProto, tensorProto } from './graph.js';
import { floatsOf } from './int8.js';
import type { ModelProto } from './proto/onnx_pb.js';

/**
 * Converts every constant and operator of a model to float16, and casts each input and output once. Changes the model in place.
 *
 * @param where - The function that the user called, for error messages.
 * @param remedy - What to do if a constant is too large, for error messages.
 * @throws {WeightsError} when a constant exceeds the range of float16.
 */
export function computeFloat16(where: string, { graph }: ModelProto, remedy?: string): void {
  if (graph === undefined) return;
  // ONNX requires the scales of a Resize to be float32.
  const factors = new Set(graph.node.flatMap(({ opType, input }) => (opType === 'Resize' ? input.slice(2, 3) : [])));
  graph.initializer = graph.initializer.map((tensor) =>
    tensor.dataType !== DATA_TYPES.float32 || factors.has(tensor.name)
      ? tensor
      : tensorProto(tensor.name, tensor.dims.map(Number), encodeFloat16(where, tensor.name, floatsOf(tensor), remedy)),
  );
  const inside = new Map([...graph.input, ...graph.output].map(({ name }) => [name, `${name}/float16`]));
  for (const node of graph.node) {
    node.input = node.input.map((name) => inside.get(name) ?? name);
    node.output = node.output.map((name) => inside.get(name) ?? name);
  }
  graph.node = [
    ...graph.input.map(({ name }) => nodeProto('Cast', `${name}/float16`, [name], { to: DATA_TYPES.float16 })),
    ...graph.node,
    // The last operator of the layer has the name of the output.
    ...graph.output.map(({ name }) => ({
      ...nodeProto('Cast', name, [`${name}/float16`], { to: DATA_TYPES.float32 }),
      name: `${name}/float32`,
    })),
  ];
}
