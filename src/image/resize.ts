// Resizing, equal to `tf.image.resize` of TensorFlow 2. Separable: each source row is filtered once, then rows are mixed; bilinear in one pass.

import { boolean, check, checkOptions, invalid, oneOf } from '../core/index.js';
import { aligned, PADDING, pixelKernels } from './kernels.js';
import { checkPixels, sides, size as sizeRule, type Pixels, type Size } from './pixels.js';
import { floats } from './spareFloats.js';
import { METHODS, planSpans, type ResizeMethod, type Spans } from './spans.js';

/** How a picture is resized. */
export interface ResizeOptions {
  /** Bicubic is Keys' with a = -0.5; area averages what an output pixel covers. @defaultValue 'bilinear' */
  readonly method?: ResizeMethod;
  /** Widens the kernel when shrinking, so that no source pixel is passed over; for bilinear and bicubic. @defaultValue false */
  readonly antialias?: boolean;
}

/**
 * Resizes a picture with half-pixel centres; the result is float, except with `nearest`, which keeps the type of its input.
 *
 * Bicubic may leave [0, 255] by a little at sharp edges, as TensorFlow's does.
 *
 * @param size - Height and width in pixels, or one number for a square.
 * @throws {OptionError} when an option is unknown, or antialias is asked of a method that has none.
 * @example
 * const small = resize(photo, 224);
 * const smooth = resize(photo, [300, 400], { method: 'bicubic', antialias: true });
 * @see `tf.image.resize`, tensorflow/python/ops/image_ops_impl.py
 */
export function resize(pixels: Pixels, size: Size, options: ResizeOptions = {}): Pixels {
  checkPixels('resize', pixels);
  check('resize', 'size', size, sizeRule);
  const { method = 'bilinear', antialias = false } = checkOptions('resize', options, { method: oneOf(...METHODS), antialias: boolean });
  if (antialias && method !== 'bilinear' && method !== 'bicubic') {
    throw invalid('resize', 'antialias', `false with method '${method}'`, antialias, 'Bilinear and bicubic have it.');
  }
  const [height, width] = sides(size);
  if (method === 'nearest') return pick(pixels, height, width);
  const data = floats(height * width * pixels.channels);
  if (height === pixels.height && width === pixels.width) data.set(pixels.data);
  else filter(pixels, data, planSpans(pixels.width, width, method, antialias), planSpans(pixels.height, height, method, antialias));
  return { width, height, channels: pixels.channels, data };
}

function pick(pixels: Pixels, height: number, width: number): Pixels {
  const { channels } = pixels;
  const { starts: columns } = planSpans(pixels.width, width, 'nearest', false);
  const { starts: rows } = planSpans(pixels.height, height, 'nearest', false);
  const data = new (pixels.data.constructor as Uint8ArrayConstructor)(height * width * channels);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * pixels.width + column) * channels;
      for (let c = 0; c < channels; c++) data[at++] = pixels.data[from + c] as number;
    }
  }
  return { width, height, channels, data };
}

function filter(pixels: Pixels, output: Float32Array, columns: Spans, rows: Spans): void {
  if (pixels.channels === 3 && columns.taps === 2 && rows.taps === 2 && mixFour(pixels, output, columns, rows)) return;
  const stride = columns.starts.length * pixels.channels;
  output.fill(0);
  // Source rows already filtered sideways: a ring as deep as one output row needs.
  const ring = Array.from({ length: rows.taps }, () => new Float32Array(stride));
  const held = new Int32Array(rows.taps).fill(-1);
  for (let y = 0; y < rows.starts.length; y++) {
    const start = rows.starts[y] as number;
    const target = output.subarray(y * stride, (y + 1) * stride);
    for (let k = 0; k < (rows.counts[y] as number); k++) {
      const row = start + k;
      const slot = row % rows.taps;
      const source = ring[slot] as Float32Array;
      if (held[slot] !== row) {
        filterRow(pixels, row, columns, source);
        held[slot] = row;
      }
      addRow(target, source, rows.weights[y * rows.taps + k] as number);
    }
  }
}

function addRow(target: Float32Array, source: Float32Array, weight: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + weight * (source[i] as number);
}

function filterRow(pixels: Pixels, row: number, columns: Spans, output: Float32Array): void {
  const { channels, data } = pixels;
  const { taps, starts, counts, weights } = columns;
  const base = row * pixels.width * channels;
  if (channels !== 3) {
    for (let x = 0, at = 0; x < starts.length; x++) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        const from = base + (starts[x] as number) * channels + c;
        for (let k = 0; k < (counts[x] as number); k++) sum += (weights[x * taps + k] as number) * (data[from + k * channels] as number);
        output[at] = sum;
      }
    }
    return;
  }
  for (let x = 0, at = 0; x < starts.length; x++, at += 3) {
    let from = base + (starts[x] as number) * 3;
    let weight = x * taps;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = weight + (counts[x] as number); weight < end; weight++, from += 3) {
      const w = weights[weight] as number;
      red += w * (data[from] as number);
      green += w * (data[from + 1] as number);
      blue += w * (data[from + 2] as number);
    }
    output[at] = red;
    output[at + 1] = green;
    output[at + 2] = blue;
  }
}

/** Plain bilinear of RGB in one pass over the output: where an epoch's resizing time goes. Tells whether there are kernels for it. */
function mixFour({ width, data }: Pixels, output: Float32Array, columns: Spans, rows: Spans): boolean {
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

/** Writes where the two source pixels of each output pixel start, and their weights. At an edge the second is the first, with weight 0. */
function writeTable(buffer: ArrayBuffer, at: number, { starts, counts, weights }: Spans, stride: number): void {
  const places = new Int32Array(buffer, at, 4 * starts.length);
  const shares = new Float32Array(buffer, at, 4 * starts.length);
  starts.forEach((start, i) => {
    places[4 * i] = start * stride;
    places[4 * i + 1] = (start + (counts[i] === 2 ? 1 : 0)) * stride;
    shares[4 * i + 2] = weights[2 * i] as number;
    shares[4 * i + 3] = weights[2 * i + 1] as number;
  });
}
