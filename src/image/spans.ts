// Computes the source pixels and weights of each output pixel along one axis, with the arithmetic of `tf.image.resize`. bilinear.ts and
// filter.ts apply them.

import { keysOf } from '../core/internal.js';
import { roundHalfEven } from './roundHalfEven.js';

const { fround } = Math;

/** The interpolation method. */
export type Interpolation = 'bilinear' | 'bicubic' | 'area' | 'nearest';
export const INTERPOLATIONS = /* @__PURE__ */ keysOf<Interpolation>({ bilinear: true, bicubic: true, area: true, nearest: true });

/** Output pixel `i` is the sum of `weights[i * taps + k] * source[starts[i] + k]` for k from 0 to `counts[i] - 1`. */
export interface Spans {
  readonly taps: number;
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float32Array;
}

interface Kernel {
  readonly radius: number;
  weight(distance: number): number;
}

const triangle: Kernel = { radius: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };

/** Pillow's box kernel, which includes only one of its two edges. */
const box: Kernel = { radius: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };

/** Keys' cubic convolution with a = -0.5. */
const cubic: Kernel = {
  radius: 2,
  weight(x) {
    const d = Math.abs(x);
    if (d >= 2) return 0;
    return d >= 1 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : (1.5 * d - 2.5) * d * d + 1;
  },
};

/** The kernel of each method. `area` is Pillow's box; TensorFlow's 'area' is computed by areaSpan. */
export const KERNELS = { bilinear: triangle, bicubic: cubic, area: box } as const;

/**
 * Returns the source pixel of each output pixel along one axis, for 'nearest'.
 *
 * @see `resize_nearest_neighbor_op.cc` in tensorflow/core/kernels/image, with half-pixel centers
 */
export function nearestPlaces(from: number, to: number): Int32Array {
  const scale = fround(from / to);
  return Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(fround(fround(i + 0.5) * scale))));
}

/**
 * Computes the source pixels and weights along one axis. Positions are float32 where TensorFlow's are, because rounding can select a
 * different pixel.
 *
 * @see tensorflow/core/kernels/image: `scale_and_translate_op.cc` (antialias), `resize_bilinear_op.cc`, `resize_bicubic_op.cc`,
 * `resize_area_op.cc`, all with half-pixel centers.
 */
export function planSpans(from: number, to: number, method: Exclude<Interpolation, 'nearest'>, antialias: boolean): Spans {
  const scale = fround(from / to);
  switch (method) {
    case 'area':
      return collect(to, Math.min(from, Math.ceil(scale) + 2), (i) => areaSpan(fround(i * scale), fround((i + 1) * scale), scale, from));
    case 'bilinear':
    case 'bicubic': {
      const kernel = KERNELS[method];
      if (antialias) return kernelSpans(from, to, kernel);
      return collect(to, 2 * kernel.radius, (i) => {
        const center = fround(fround(fround(i + 0.5) * scale) - 0.5);
        return method === 'bilinear' ? linearSpan(center, from) : cubicSpan(center, from);
      });
    }
  }
}

interface Span {
  readonly start: number;
  readonly weights: readonly number[];
}

function collect(to: number, taps: number, spanOf: (output: number) => Span): Spans {
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  for (let i = 0; i < to; i++) {
    const span = spanOf(i);
    starts[i] = span.start;
    counts[i] = span.weights.length;
    weights.set(span.weights, i * taps);
  }
  return { taps, starts, counts, weights };
}

function linearSpan(center: number, from: number): Span {
  const low = Math.floor(center);
  if (low < 0) return { start: 0, weights: [1] };
  if (low + 1 >= from) return { start: from - 1, weights: [1] };
  return { start: low, weights: [1 - (center - low), center - low] };
}

/** TensorFlow takes the weights from a table with 1024 steps. It drops those outside the image and normalizes the rest. */
function cubicSpan(center: number, from: number): Span {
  const low = Math.floor(center);
  const fraction = roundHalfEven((center - low) * 1024) / 1024;
  const first = Math.max(0, low - 1);
  const last = Math.min(from - 1, low + 2);
  const weights = Array.from({ length: last - first + 1 }, (_, k) => cubic.weight(first + k - low - fraction));
  return { start: first, weights: normalized(weights) };
}

/**
 * Returns the fraction of each source pixel that the output pixel covers. Due to rounding, the last pixel may lie outside the image. Its
 * weight is added to the pixel at the edge.
 */
function areaSpan(low: number, high: number, scale: number, from: number): Span {
  const start = Math.floor(low);
  const weights = Array.from({ length: Math.ceil(high) - start }, (_, k) => {
    const pixel = start + k;
    if (pixel < low) return pixel + 1 > high ? scale : fround(pixel + 1 - low);
    return pixel + 1 > high ? fround(high - pixel) : 1;
  });
  const outside = weights.splice(from - start).reduce((sum, weight) => sum + weight, 0);
  return { start, weights: weights.map((weight, k) => (k === weights.length - 1 ? weight + outside : weight) / scale) };
}

function kernelSpans(from: number, to: number, kernel: Kernel): Spans {
  const scale = fround(1 / fround(to / from));
  const stretch = Math.max(scale, 1);
  const reach = fround(kernel.radius * stretch);
  const shrink = fround(1 / stretch);
  return collect(to, Math.min(from, 2 * Math.ceil(reach) + 1), (i) => {
    const center = fround(fround(i + 0.5) * scale);
    const start = Math.max(0, Math.ceil(fround(fround(center - reach) - 0.5)));
    const end = Math.min(from, Math.floor(fround(fround(center + reach) - 0.5)) + 1);
    return {
      start,
      weights: normalized(Array.from({ length: end - start }, (_, k) => kernel.weight(fround(fround(start + k + 0.5 - center) * shrink)))),
    };
  });
}

/** Scales the weights so that their sum is 1. */
export function normalized(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum === 0 ? weights : weights.map((weight) => weight / sum);
}
