// Which source pixels make up each output pixel of one axis, and with what weights: the arithmetic of `tf.image.resize`.
// The loops that apply them are in resize.ts.

export const METHODS = ['bilinear', 'bicubic', 'area', 'nearest'] as const;

/** How a resized pixel is computed from its neighbours. */
export type ResizeMethod = (typeof METHODS)[number];

/** Output pixel `i` is the sum of `weights[i * taps + k] * source[starts[i] + k]` over `counts[i]` source pixels. */
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

/** Keys' cubic convolution with a = -0.5. */
const cubic: Kernel = {
  radius: 2,
  weight(x) {
    const d = Math.abs(x);
    if (d >= 2) return 0;
    return d >= 1 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : (1.5 * d - 2.5) * d * d + 1;
  },
};

/**
 * Plans one axis.
 *
 * @see tensorflow/core/kernels/image: `scale_and_translate_op.cc` (antialias), `resize_bilinear_op.cc`, `resize_bicubic_op.cc`,
 * `resize_area_op.cc`, `resize_nearest_neighbor_op.cc`, all with half-pixel centres.
 */
export function planSpans(from: number, to: number, method: ResizeMethod, antialias: boolean): Spans {
  const scale = Math.fround(from / to);
  switch (method) {
    case 'nearest':
      return collect(to, 1, (i) => ({ start: Math.min(from - 1, Math.floor((i + 0.5) * scale)), weights: [1] }));
    case 'area':
      return collect(to, Math.min(from, Math.ceil(scale) + 2), (i) => areaSpan(i * scale, Math.fround((i + 1) * scale), from));
    case 'bilinear':
    case 'bicubic': {
      const kernel = method === 'bilinear' ? triangle : cubic;
      if (antialias) return kernelSpans(from, to, kernel, Math.max(1, scale));
      return collect(to, 2 * kernel.radius, (i) => {
        const centre = Math.fround(Math.fround(i + 0.5) * scale) - 0.5;
        return method === 'bilinear' ? linearSpan(centre, from) : cubicSpan(centre, from);
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

function linearSpan(centre: number, from: number): Span {
  const low = Math.floor(centre);
  if (low < 0) return { start: 0, weights: [1] };
  if (low + 1 >= from) return { start: from - 1, weights: [1] };
  return { start: low, weights: [1 - (centre - low), centre - low] };
}

/** Weights come from a table of 1024 steps, and those outside the picture are dropped and the rest scaled to one, as TensorFlow does. */
function cubicSpan(centre: number, from: number): Span {
  const low = Math.floor(centre);
  const fraction = roundHalfEven((centre - low) * 1024) / 1024;
  const first = Math.max(0, low - 1);
  const last = Math.min(from - 1, low + 2);
  const weights = Array.from({ length: last - first + 1 }, (_, k) => cubic.weight(first + k - low - fraction));
  return { start: first, weights: normalised(weights) };
}

function areaSpan(low: number, high: number, from: number): Span {
  const start = Math.floor(low);
  const end = Math.min(from, Math.ceil(high));
  const weights = Array.from({ length: end - start }, (_, k) => Math.min(start + k + 1, high) - Math.max(start + k, low));
  return { start, weights: weights.map((weight) => weight / (high - low)) };
}

function kernelSpans(from: number, to: number, kernel: Kernel, stretch: number): Spans {
  const reach = kernel.radius * stretch;
  return collect(to, Math.min(from, 2 * Math.ceil(reach) + 1), (i) => {
    const centre = ((i + 0.5) * from) / to;
    const start = Math.max(0, Math.ceil(centre - reach - 0.5));
    const end = Math.min(from, Math.floor(centre + reach - 0.5) + 1);
    return { start, weights: normalised(Array.from({ length: end - start }, (_, k) => kernel.weight((start + k + 0.5 - centre) / stretch))) };
  });
}

function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum === 0 ? weights : weights.map((weight) => weight / sum);
}

/** C's `lrintf`: ties go to the even neighbour. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
