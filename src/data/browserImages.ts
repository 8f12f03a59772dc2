// Pixels in the browser: what createImageBitmap decodes, drawn once and read back. In Node, decodeImage takes its place.

import { check, checkOptions, DataError, rule, text } from '../core/index.js';
import type { Pixels } from '../image/index.js';

/** What a browser can show: a file, a URL, or something already decoded. */
export type BrowserImage = Blob | URL | string | ImageBitmapSource;

/** How an image is read. */
export interface BrowserPixelsOptions {
  /** What shows through transparent pixels: any CSS color. @defaultValue 'white' */
  readonly background?: string | undefined;
}

/**
 * Reads a File, Blob, URL, canvas, image or video element as RGB, upright as its EXIF orientation says.
 *
 * @returns Uint8 pixels `[height, width, 3]`.
 * @throws {DataError} naming the file or URL, when it cannot be fetched or decoded.
 * @example
 * const decoded = Dataset.from([...(input.files ?? [])]).map(async (file) => ({ pixels: await browserPixels(file), label: 0, origin: file.name }));
 * const images = augment(decoded.withPreprocessing('original'), evalTransform(model)); // as the model wants them
 */
export async function browserPixels(image: BrowserImage, options: BrowserPixelsOptions = {}): Promise<Pixels> {
  check('browserPixels', 'image', image, rule('a File, URL, canvas, image or bitmap', (value) => typeof value === 'string' || (typeof value === 'object' && value !== null)));
  const { background = 'white' } = checkOptions('browserPixels', options, { background: text });
  const origin = image instanceof URL || typeof image === 'string' ? String(image) : ((image as Partial<File>).name ?? 'image');
  try {
    const bitmap = await createImageBitmap(await loaded(image), { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return { width, height, channels: 3, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`browserPixels: expected a readable image, received '${origin}': ${reason}`, { cause, origin });
  }
}

async function loaded(image: BrowserImage): Promise<ImageBitmapSource> {
  if (!(image instanceof URL) && typeof image !== 'string') return image;
  const response = await fetch(image);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.blob();
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from] as number;
    rgb[to + 1] = rgba[from + 1] as number;
    rgb[to + 2] = rgba[from + 2] as number;
  }
  return rgb;
}
