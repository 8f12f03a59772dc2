// A layer's output on its way into the graph. Reading it makes its operators; the layer after it may take what is pending instead.

import type { OnnxGraph } from './graph.js';

/** A shape as Keras has it, channels last; the batch comes first and is `null`, as is any open length. */
export type Shape = readonly (number | null)[];

/** Zeros around a map: `[top, left, bottom, right]`. */
export type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** A convolution whose weights may still change; kernel in Keras' orientation, filters along its last axes. */
export interface PendingConvolution {
  readonly kernel: Float32Array;
  readonly bias: Float32Array | undefined;
  /** Makes the same convolution with other weights. */
  with(kernel: Float32Array, bias: Float32Array): Value;
}

/** A layer's output. */
export interface Value {
  readonly shape: Shape;
  /** The name of its tensor; maps lie channels first, `[batch, channels, height, width]`. */
  read(): string;
  /** Zeros a convolution after it can add itself. */
  readonly padded?: { readonly inner: Value; readonly pads: Pads } | undefined;
  /** `inner * scale + offset`, one value a channel, which a convolution after it can absorb. */
  readonly rescaled?: { readonly inner: Value; readonly scale: readonly number[]; readonly offset: readonly number[] } | undefined;
  /** A convolution that normalization after it can change. */
  readonly convolution?: PendingConvolution | undefined;
  /** The pooled map `[batch, channels, 1, 1]` before it was flattened to `[batch, channels]`. */
  readonly map?: string | undefined;
}

/** A value whose operators are made when it is first read. */
export function pending(shape: Shape, read: () => string, hints: Omit<Value, 'shape' | 'read'> = {}): Value {
  let tensor: string | undefined;
  return { shape, read: () => (tensor ??= read()), ...hints };
}

/** A value that has its tensor. */
export function made(shape: Shape, tensor: string): Value {
  return { shape, read: () => tensor };
}

/** Reorders a map's axes where the rest of the world has channels last. */
export function transpose(graph: OnnxGraph, name: string, tensor: string, to: 'nchw' | 'nhwc'): string {
  return graph.node('Transpose', `${name}/${to}`, [tensor], { perm: to === 'nchw' ? [0, 3, 1, 2] : [0, 2, 3, 1] });
}

/** The value's tensor in Keras' order of axes. */
export function readChannelsLast(graph: OnnxGraph, name: string, value: Value): string {
  return value.shape.length === 4 ? transpose(graph, name, value.read(), 'nhwc') : value.read();
}
