// A layer output that is added to the graph only when it is read, so that the next layer can merge it into its own operators.

import type { OnnxGraph } from './graph.js';

/** A shape with channels last, as in Keras. The batch comes first. It is `null`, like any unknown size. */
export type Shape = readonly (number | null)[];

/** Zero padding of a feature map: `[top, left, bottom, right]`. */
export type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** A convolution whose weights may still change. The kernel has the axis order of Keras, with the filters last. */
export interface PendingConvolution {
  readonly kernel: Float32Array;
  readonly bias: Float32Array | undefined;
  /** Returns the same convolution with other weights. */
  with(kernel: Float32Array, bias: Float32Array): Value;
}

/** The output of a layer. */
export interface Value {
  readonly shape: Shape;
  /**
   * Adds the operators if necessary and returns the name of the tensor.
   * Feature maps are channels first: `[batch, channels, height, width]`.
   */
  read(): string;
  /** Zero padding that a following convolution can add itself. */
  readonly padded?: { readonly inner: Value; readonly pads: Pads } | undefined;
  /** `inner * scale + offset`, with one value per channel, which a following convolution can merge into its weights. */
  readonly rescaled?: { readonly inner: Value; readonly scale: readonly number[]; readonly offset: readonly number[] } | undefined;
  /** A convolution into which a following normalization can be merged. */
  readonly convolution?: PendingConvolution | undefined;
  /** The pooled feature map `[batch, channels, 1, 1]` before it was flattened to `[batch, channels]`. */
  readonly map?: string | undefined;
}

/** Creates a value whose operators are added when it is first read. */
export function pending(shape: Shape, read: () => string, hints: Omit<Value, 'shape' | 'read'> = {}): Value {
  let tensor: string | undefined;
  return { shape, read: () => (tensor ??= read()), ...hints };
}

/** Creates a value whose tensor already exists. */
export function made(shape: Shape, tensor: string): Value {
  return { shape, read: () => tensor };
}

/** Converts a feature map between channels first and channels last. */
export function transpose(graph: OnnxGraph, name: string, tensor: string, to: 'nchw' | 'nhwc'): string {
  return graph.node('Transpose', `${name}/${to}`, [tensor], { perm: to === 'nchw' ? [0, 3, 1, 2] : [0, 2, 3, 1] });
}

/** Returns the tensor of a value with the axis order of Keras. */
export function readChannelsLast(graph: OnnxGraph, name: string, value: Value): string {
  return value.shape.length === 4 ? transpose(graph, name, value.read(), 'nhwc') : value.read();
}
