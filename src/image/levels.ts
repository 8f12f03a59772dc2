// The operations of AutoAugment and RandAugment, identical to Pillow's ImageOps and ImageEnhance. Inputs are rounded to 8 bits and outputs
// are 8-bit; arguments are checked in policyOperations.ts.

import type { Pixels } from './pixels.js';

/** Returns the image with 8-bit values. Floats are rounded. */
export function toBytes(pixels: Pixels): Pixels {
  if (!(pixels.data instanceof Float32Array)) return pixels;
  return { ...pixels, data: new Uint8Array(new Uint8ClampedArray(pixels.data).buffer) };
}

/** Replaces each value v by 255 - v. */
export function invert(pixels: Pixels): Pixels {
  return lookUp(pixels, (level) => 255 - level);
}

/** Inverts all values at or above a threshold. */
export function solarize(pixels: Pixels, threshold: number): Pixels {
  return lookUp(pixels, (level) => (level < threshold ? level : 255 - level));
}

/** Adds a number to all values below a threshold. */
export function solarizeAdd(pixels: Pixels, addition: number, threshold = 128): Pixels {
  return lookUp(pixels, (level) => (level < threshold ? Math.min(255, Math.max(0, level + addition)) : level));
}

/** Keeps only the highest bits of each value. */
export function posterize(pixels: Pixels, bits: number): Pixels {
  const mask = 0xff & ~(2 ** (8 - bits) - 1);
  return lookUp(pixels, (level) => level & mask);
}

/** Stretches each channel so that its lowest value becomes 0 and its highest 255. */
export function autoContrast(pixels: Pixels): Pixels {
  return lookUpChannels(pixels, (histogram) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (high <= low) return (level) => level;
    const scale = 255 / (high - low);
    return (level) => Math.min(255, Math.max(0, Math.trunc(level * scale - low * scale)));
  });
}

/** Equalizes the histogram of each channel. */
export function equalize(pixels: Pixels): Pixels {
  return lookUpChannels(pixels, (histogram) => {
    const used = histogram.filter((count) => count > 0);
    const step = used.length <= 1 ? 0 : Math.floor((histogram.reduce((sum, count) => sum + count, 0) - (used.at(-1) as number)) / 255);
    if (step === 0) return (level) => level;
    const table = new Uint8Array(256);
    let below = Math.floor(step / 2);
    histogram.forEach((count, level) => {
      table[level] = Math.min(255, Math.floor(below / step));
      below += count;
    });
    return (level) => table[level] as number;
  });
}

/** Blends the image with black: factor 0 gives black, 1 the original. */
export function enhanceBrightness(pixels: Pixels, factor: number): Pixels {
  return lookUp(pixels, (level) => blend(0, level, factor));
}

/** Blends the image with its mean gray level. */
export function enhanceContrast(pixels: Pixels, factor: number): Pixels {
  const bytes = toBytes(pixels);
  const grey = luma(bytes);
  const mean = Math.floor(grey.reduce((sum, level) => sum + level, 0) / grey.length + 0.5);
  return lookUp(bytes, (level) => blend(mean, level, factor));
}

/** Blends the image with its grayscale version. */
export function enhanceColor(pixels: Pixels, factor: number): Pixels {
  const bytes = toBytes(pixels);
  const grey = luma(bytes);
  const data = new Uint8Array(bytes.data.length);
  for (let i = 0; i < data.length; i++) data[i] = blend(grey[Math.floor(i / 3)] as number, bytes.data[i] as number, factor);
  return { ...bytes, data };
}

/** Blends the image with a smoothed version. Factors above 1 sharpen it. */
export function enhanceSharpness(pixels: Pixels, factor: number): Pixels {
  const bytes = toBytes(pixels);
  const { width, height, channels, data } = bytes;
  const output = data.slice();
  const stride = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * stride + channels; i < (y + 1) * stride - channels; i++) {
      const own = data[i] as number;
      const above = (data[i - stride - channels] as number) + (data[i - stride] as number) + (data[i - stride + channels] as number);
      const below = (data[i + stride - channels] as number) + (data[i + stride] as number) + (data[i + stride + channels] as number);
      const around = above + (data[i - channels] as number) + (data[i + channels] as number) + below;
      output[i] = blend(Math.floor((around + 5 * own) / 13 + 0.5), own, factor);
    }
  }
  return { ...bytes, data: output };
}

/** Pillow's `Image.blend`: truncates to integers and clips to [0, 255]. */
function blend(from: number, to: number, factor: number): number {
  const mixed = from + factor * (to - from);
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : Math.trunc(mixed);
}

/** Returns the ITU-R 601 luma in 16-bit fixed-point arithmetic, like Pillow's `convert('L')`. */
function luma({ data }: Pixels): Uint8Array {
  const grey = new Uint8Array(data.length / 3);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = ((data[at] as number) * 19595 + (data[at + 1] as number) * 38470 + (data[at + 2] as number) * 7471 + 0x8000) >> 16;
  }
  return grey;
}

function lookUp(pixels: Pixels, fn: (level: number) => number): Pixels {
  const bytes = toBytes(pixels);
  const table = Uint8Array.from({ length: 256 }, (_, level) => fn(level));
  const data = new Uint8Array(bytes.data.length);
  for (let i = 0; i < data.length; i++) data[i] = table[bytes.data[i] as number] as number;
  return { ...bytes, data };
}

function lookUpChannels(pixels: Pixels, tableOf: (histogram: number[]) => (level: number) => number): Pixels {
  const bytes = toBytes(pixels);
  const { channels, data } = bytes;
  const output = data.slice();
  for (let c = 0; c < channels; c++) {
    const histogram = Array<number>(256).fill(0);
    for (let i = c; i < data.length; i += channels) histogram[data[i] as number] = (histogram[data[i] as number] as number) + 1;
    const fn = tableOf(histogram);
    const table = Uint8Array.from({ length: 256 }, (_, level) => fn(level));
    for (let i = c; i < data.length; i += channels) output[i] = table[data[i] as number] as number;
  }
  return { ...bytes, data: output };
}
