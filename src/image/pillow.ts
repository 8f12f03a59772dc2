// Resizes 8-bit images exactly like Pillow's `Image.resize`, which timm and torchvision use. Weights are fixed-point numbers, and each of
// the two passes rounds to 8 bits.

import { pick } from './pick.js';
import type { Pixels } from './pixels.js';
import { KERNELS, normalized, type Interpolation, type Spans } from './spans.js';

/** Number of fraction bits of the weights. */
const BITS = 22;
/** One half in fixed-point, added to round to the nearest integer. */
const HALF = 1 << (BITS - 1);

type Image = Pixels & { readonly data: Uint8Array | Uint8ClampedArray };
type Method = Exclude<Interpolation, 'nearest'>;

/**
 * Resizes an 8-bit image. When the image shrinks, the kernel is widened for antialiasing. `area` is Pillow's `BOX`.
 *
 * @see `ImagingResampleHorizontal_8bpc` in src/libImaging/Resample.c and `Image.resize` in src/PIL/Image.py of Pillow 13
 */
export function resizeLikePillow(pixels: Image, height: number, width: number, method: Interpolation): Pixels {
  if (height === pixels.height && width === pixels.width) return { ...pixels, data: new Uint8Array(pixels.data) };
  if (method === 'nearest') return pick(pixels, places(pixels.height, height), places(pixels.width, width));
  const across = (image: Image): Image => resample(image, width, method, 'columns');
  const down = (image: Image): Image => resample(image, height, method, 'rows');
  // The order of the passes affects the rounding between them. Pillow 12 and earlier always start with the columns; the results differ by
  // at most one level.
  const rowsFirst = height < pixels.height && pixels.height - height > 2 * (pixels.width - width);
  return rowsFirst ? across(down(pixels)) : down(across(pixels));
}

function resample(image: Image, to: number, method: Method, axis: 'columns' | 'rows'): Image {
  const { channels, height, width, data } = image;
  const from = axis === 'columns' ? width : height;
  if (from === to) return image;
  const { taps, starts, counts, weights } = fixedSpans(from, to, method);
  const [rows, columns] = axis === 'columns' ? [height, to] : [to, width];
  // Distance between the source values of one sum.
  const step = axis === 'columns' ? channels : width * channels;
  const output = new Uint8ClampedArray(rows * columns * channels);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const i = axis === 'columns' ? x : y;
      const origin = (starts[i] as number) * step + (axis === 'columns' ? y * width : x) * channels;
      const end = i * taps + (counts[i] as number);
      if (channels === 3) {
        let [red, green, blue] = [HALF, HALF, HALF];
        for (let k = i * taps, from = origin; k < end; k++, from += step) {
          const weight = weights[k] as number;
          red = (red + Math.imul(weight, data[from] as number)) | 0;
          green = (green + Math.imul(weight, data[from + 1] as number)) | 0;
          blue = (blue + Math.imul(weight, data[from + 2] as number)) | 0;
        }
        output[at++] = red >> BITS;
        output[at++] = green >> BITS;
        output[at++] = blue >> BITS;
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let k = i * taps, from = origin + c; k < end; k++, from += step)
          sum = (sum + Math.imul(weights[k] as number, data[from] as number)) | 0;
        output[at++] = sum >> BITS;
      }
    }
  }
  return { width: columns, height: rows, channels, data: new Uint8Array(output.buffer) };
}

function fixedSpans(from: number, to: number, method: Method): Omit<Spans, 'weights'> & { readonly weights: Int32Array } {
  const kernel = KERNELS[method];
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const reach = kernel.radius * stretch;
  const taps = 2 * Math.ceil(reach) + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * taps);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const count = Math.min(from, Math.trunc(center + reach + 0.5)) - start;
    const shares = normalized(Array.from({ length: count }, (_, k) => kernel.weight((k + start - center + 0.5) * (1 / stretch))));
    starts[i] = start;
    counts[i] = count;
    // The conversion to integers truncates.
    weights.set(
      shares.map((share) => share * (1 << BITS) + (share < 0 ? -0.5 : 0.5)),
      i * taps,
    );
  }
  return { taps, starts, counts, weights };
}

/** Returns the source position of each output pixel. Pillow adds up the scale from pixel to pixel, so this repeats its rounding errors. */
function places(from: number, to: number): Int32Array {
  const scale = from / to;
  let center = 0.5 * scale;
  return Int32Array.from({ length: to }, () => {
    const place = Math.floor(center);
    center += scale;
    return place;
  });
}
