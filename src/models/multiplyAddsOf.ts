// Counts the multiply-adds of one layer.

import type * as tfl from '@tensorflow/tfjs-layers';

/** Returns the multiply-adds of a convolution or dense layer per image, 0 for any other layer, or `null` if its size is unknown. */
export function multiplyAddsOf(layer: tfl.layers.Layer): number | null {
  if (!/Conv|Dense/.test(layer.getClassName())) return 0;
  const shape = layer.inboundNodes[0]?.outputTensors[0]?.shape ?? [];
  const kernels = layer.weights
    .filter((weight) => weight.shape.length > 1)
    .reduce((sum, weight) => sum + product(weight.shape as number[]), 0);
  const places = shape.slice(1, -1);
  return places.includes(null) ? null : kernels * product(places as number[]);
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((size, length) => size * length, 1);
}
