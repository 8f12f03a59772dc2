// Quantizes kernels to symmetric int8 values with one scale per output channel.

import type { TensorProto } from './proto/onnx_pb.js';

/** Operators with weights, and the output axis of their weights. */
export const OUTPUT_AXIS: Readonly<Record<string, number>> = { Conv: 0, Gemm: 1 };

/** Returns the values of a float32 constant. */
export function floatsOf({ rawData }: TensorProto): Float32Array {
  // The bytes are copied, because they may start at an offset that is not aligned for float32.
  return new Float32Array(rawData.slice().buffer);
}

/** Returns one scale per channel, computed from its largest absolute weight and not below `smallest`. */
export function channelScales(weights: TensorProto, axis: number, smallest: (channel: number) => number = () => 0): Float32Array {
  const { channels, run } = layoutOf(weights, axis);
  const largest = new Float32Array(channels);
  floatsOf(weights).forEach((value, i) => {
    const channel = Math.floor(i / run) % channels;
    largest[channel] = Math.max(largest[channel] as number, Math.abs(value));
  });
  return largest.map((value, channel) => Math.max(value / 127, smallest(channel)) || 1);
}

/** Quantizes the weights with the scale of each channel. */
export function toInt8(weights: TensorProto, axis: number, scales: Float32Array): Int8Array {
  const { channels, run } = layoutOf(weights, axis);
  return Int8Array.from(floatsOf(weights), (value, i) => Math.round(value / (scales[Math.floor(i / run) % channels] as number)));
}

/** Returns the number of channels and the number of consecutive values per output channel. */
function layoutOf({ dims }: TensorProto, axis: number): { readonly channels: number; readonly run: number } {
  return { channels: Number(dims[axis]), run: dims.slice(axis + 1).reduce((product, length) => product * Number(length), 1) };
}
