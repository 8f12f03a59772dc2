// Bilinear resizing without antialiasing, bit-identical to `tf.image.resize`. Most of the resizing time in training is spent here, so RGB
// images use compiled WebAssembly loops where available.

import { aligned, PADDING, pixelKernels } from './kernels.js';
import type { Pixels } from './pixels.js';
import type { Spans } from './spans.js';

const { fround } = Math;

/** Interpolates each output pixel from the four source pixels around it and writes the result to `output`. */
export function bilinear(pixels: Pixels, output: Float32Array, columns: Spans, rows: Spans): void {
  if (pixels.channels === 3 && mixCompiled(pixels, output, columns, rows)) return;
  const { channels, data, width } = pixels;
  const value = (index: number): number => data[index] as number;
  // Every operation is rounded to float32, as in TensorFlow.
  const mix = (near: number, far: number, share: number): number => fround(near + fround(fround(far - near) * share));
  const across = Array.from(columns.starts, (_, x) => neighbors(columns, x, channels));
  let at = 0;
  for (let y = 0; y < rows.starts.length; y++) {
    const [above, below, down] = neighbors(rows, y, width * channels);
    for (const [left, right, aside] of across) {
      for (let c = 0; c < channels; c++) {
        const upper = mix(value(above + left + c), value(above + right + c), aside);
        output[at++] = mix(upper, mix(value(below + left + c), value(below + right + c), aside), down);
      }
    }
  }
}

/**
 * Returns the offsets of the two source pixels of an output pixel and the weight of the second one. At an edge both are the same pixel and
 * the weight is 0.
 */
function neighbors({ starts, counts, weights }: Spans, i: number, stride: number): readonly [first: number, second: number, share: number] {
  const start = starts[i] as number;
  return [start * stride, (start + (counts[i] === 2 ? 1 : 0)) * stride, weights[2 * i + 1] as number];
}

/** Resizes with the compiled loops. Returns false if they are not available. */
function mixCompiled({ width, data }: Pixels, output: Float32Array, columns: Spans, rows: Spans): boolean {
  const tables = { columns: 0, rows: 16 * columns.starts.length };
  const source = tables.rows + 16 * rows.starts.length;
  const target = aligned(source + data.byteLength + PADDING);
  const lent = pixelKernels(target + output.byteLength + PADDING);
  if (lent === undefined) return false;
  const { kernels, buffer } = lent;
  writeTable(buffer, tables.columns, columns, 3);
  writeTable(buffer, tables.rows, rows, 3 * width);
  const floats = data instanceof Float32Array;
  new (floats ? Float32Array : Uint8Array)(buffer, source, data.length).set(data);
  kernels[floats ? 'resizeFloats' : 'resizeBytes'](source, tables.columns, columns.starts.length, tables.rows, rows.starts.length, target);
  output.set(new Float32Array(buffer, target, output.length));
  return true;
}

function writeTable(buffer: ArrayBuffer, at: number, spans: Spans, stride: number): void {
  const { length } = spans.starts;
  const places = new Int32Array(buffer, at, 4 * length);
  const shares = new Float32Array(buffer, at, 4 * length);
  for (let i = 0; i < length; i++) {
    const [first, second, share] = neighbors(spans, i, stride);
    places[4 * i] = first;
    places[4 * i + 1] = second;
    shares[4 * i + 2] = share;
  }
}
