// Measures one decoded image: light, sharpness and a perceptual hash. All of it is computed on a small copy, so size hardly matters.

import { resize, type Pixels } from '../../image/index.js';

/** What is known of the content of one image. */
export interface ImageMeasures {
  readonly width: number;
  readonly height: number;
  /** The 95th percentile of the luminance, in [0, 255]. It is low where the whole image is dark. */
  readonly highlights: number;
  /** The 5th percentile of the luminance, in [0, 255]. It is high where the whole image is bright. */
  readonly shadows: number;
  /** Strength of the edges at 128 pixels, relative to the contrast. It is low where an image is blurred or flat. */
  readonly sharpness: number;
  /** Whether red, green and blue are equal everywhere. */
  readonly isGray: boolean;
  /** Difference hash of 16 x 16 bits. Images that look the same differ in few bits. */
  readonly hash: Uint32Array;
}

/** Longest side, in pixels, of the copy that is measured. */
const LONGEST = 128;
const HASH_SIDE = 16;

/** Measures an image with values in [0, 255] and any number of channels. */
export function measureImage(image: Pixels): ImageMeasures {
  const { width, height } = image;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const rows = Math.max(1, Math.round(height * scale));
  const columns = Math.max(1, Math.round(width * scale));
  const small = resize(image, [rows, columns], { interpolation: 'area' });
  const gray = grayOf(small);
  const sorted = gray.toSorted();
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] as number);
  return {
    width,
    height,
    highlights: at(0.95),
    shadows: at(0.05),
    sharpness: sharpnessOf(gray, columns),
    isGray: image.channels < 3 || isGray(small),
    hash: differenceHash({ width: columns, height: rows, channels: 1, data: gray }),
  };
}

function grayOf({ channels, data }: Pixels): Float32Array {
  if (channels < 3) return Float32Array.from({ length: data.length / channels }, (_, i) => data[i * channels] as number);
  return Float32Array.from({ length: data.length / channels }, (_, i) => {
    const from = i * channels;
    return 0.299 * (data[from] as number) + 0.587 * (data[from + 1] as number) + 0.114 * (data[from + 2] as number);
  });
}

/** A JPEG of a gray image may differ by a rounding error. */
function isGray({ channels, data }: Pixels): boolean {
  for (let i = 0; i < data.length; i += channels) {
    const [red, green, blue] = [data[i] as number, data[i + 1] as number, data[i + 2] as number];
    if (Math.abs(red - green) > 2 || Math.abs(green - blue) > 2) return false;
  }
  return true;
}

/** Returns the standard deviation of the Laplacian divided by that of the image. */
function sharpnessOf(gray: Float32Array, width: number): number {
  const height = gray.length / width;
  const value = (x: number, y: number): number => gray[y * width + x] as number;
  const edges: number[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      edges.push(4 * value(x, y) - value(x - 1, y) - value(x + 1, y) - value(x, y - 1) - value(x, y + 1));
    }
  }
  const contrast = deviation(gray);
  // A flat image has no edges that could be blurred, and counts as blurred itself.
  return contrast < 1 || edges.length === 0 ? 0 : deviation(edges) / contrast;
}

function deviation(values: readonly number[] | Float32Array | Uint8Array | Uint8ClampedArray): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Math.max(0, squares / values.length - (sum / values.length) ** 2));
}

/** Each bit says whether a cell is brighter than its right neighbor. */
function differenceHash(gray: Pixels): Uint32Array {
  const { data } = resize(gray, [HASH_SIDE, HASH_SIDE + 1], { interpolation: 'area' });
  const hash = new Uint32Array((HASH_SIDE * HASH_SIDE) / 32);
  for (let bit = 0; bit < HASH_SIDE * HASH_SIDE; bit++) {
    const from = Math.floor(bit / HASH_SIDE) * (HASH_SIDE + 1) + (bit % HASH_SIDE);
    if ((data[from] as number) > (data[from + 1] as number)) hash[bit >> 5] = (hash[bit >> 5] as number) | (1 << (bit & 31));
  }
  return hash;
}

/** Returns whether two hashes differ in at most this fraction of their bits. Faster than {@link hashDistance} if they differ in more. */
export function areHashesWithin(a: Uint32Array, b: Uint32Array, distance: number): boolean {
  let left = Math.floor(distance * 32 * a.length);
  for (let i = 0; i < a.length; i++) {
    for (let x = (a[i] as number) ^ (b[i] as number); x !== 0; x &= x - 1) if (--left < 0) return false;
  }
  return true;
}

/** Returns the fraction of bits in which two hashes differ. */
export function hashDistance(a: Uint32Array, b: Uint32Array): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) {
    let x = (a[i] as number) ^ (b[i] as number);
    for (; x !== 0; x &= x - 1) bits++;
  }
  return bits / (32 * a.length);
}
