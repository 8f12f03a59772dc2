// A float32 model as one that computes in half precision. Its inputs and outputs stay float32.

import { encodeFloat16 } from '../core/internal.js';
import { DATA_TYPES, nodeProto, tensorProto } from './graph.js';
import { floatsOf } from './int8.js';
import type { ModelProto } from './proto/onnx_pb.js';

/**
 * Makes every constant and every operator of a model float16, between one conversion of each input and one of each output; changes the
 * model in place.
 *
 * @throws {WeightsError} when a number exceeds the range of float16.
 */
export function computeFloat16({ graph }: ModelProto): void {
  if (graph === undefined) return;
  // ONNX wants the factors of a Resize in float32.
  const factors = new Set(graph.node.flatMap(({ opType, input }) => (opType === 'Resize' ? input.slice(2, 3) : [])));
  graph.initializer = graph.initializer.map((tensor) =>
    tensor.dataType !== DATA_TYPES.float32 || factors.has(tensor.name)
      ? tensor
      : tensorProto(tensor.name, tensor.dims.map(Number), encodeFloat16('exportOnnx', tensor.name, floatsOf(tensor))),
  );
  const inside = new Map([...graph.input, ...graph.output].map(({ name }) => [name, `${name}/float16`]));
  for (const node of graph.node) {
    node.input = node.input.map((name) => inside.get(name) ?? name);
    node.output = node.output.map((name) => inside.get(name) ?? name);
  }
  graph.node = [
    ...graph.input.map(({ name }) => nodeProto('Cast', `${name}/float16`, [name], { to: DATA_TYPES.float16 })),
    ...graph.node,
    // The layer's operator has the output's name.
    ...graph.output.map(({ name }) => ({
      ...nodeProto('Cast', name, [`${name}/float16`], { to: DATA_TYPES.float32 }),
      name: `${name}/float32`,
    })),
  ];
}
