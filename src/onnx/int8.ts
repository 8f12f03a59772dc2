// Kernels as whole numbers around zero, with a scale for each output channel.

import type { TensorProto } from './proto/onnx_pb.js';

/** Operators with weights, and the axis of their weights along which the outputs lie. */
export const OUTPUT_AXIS: Readonly<Record<string, number>> = { Conv: 0, Gemm: 1 };

/** The values of a float32 constant. */
export function floatsOf({ rawData }: TensorProto): Float32Array {
  // A message's bytes may begin anywhere; float32 may not.
  return new Float32Array(rawData.slice().buffer);
}

/** One scale per channel, from its largest weight; none below `smallest`. */
export function channelScales(weights: TensorProto, axis: number, smallest: (channel: number) => number = () => 0): Float32Array {
  const { channels, run } = layoutOf(weights, axis);
  const largest = new Float32Array(channels);
  floatsOf(weights).forEach((value, i) => {
    const channel = Math.floor(i / run) % channels;
    largest[channel] = Math.max(largest[channel] as number, Math.abs(value));
  });
  return largest.map((value, channel) => Math.max(value / 127, smallest(channel)) || 1);
}

/** The weights in steps of their channels' scales. */
export function toInt8(weights: TensorProto, axis: number, scales: Float32Array): Int8Array {
  const { channels, run } = layoutOf(weights, axis);
  return Int8Array.from(floatsOf(weights), (value, i) => Math.round(value / (scales[Math.floor(i / run) % channels] as number)));
}

/** How many values of the weights follow each other within one output channel, and how many channels there are. */
function layoutOf({ dims }: TensorProto, axis: number): { readonly channels: number; readonly run: number } {
  return { channels: Number(dims[axis]), run: dims.slice(axis + 1).reduce((product, length) => product * Number(length), 1) };
}
