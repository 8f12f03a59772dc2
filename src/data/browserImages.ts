// Decodes images in the browser with createImageBitmap and a canvas. In Node, use decodeImage.

import { check, checkOptions, invalid, rule, text } from '../core/internal.js';
import { DataError, EffnetError } from '../core/index.js';
import type { Pixels } from '../image/index.js';

/**
 * What `createImageBitmap` accepts, such as a canvas, an image or video element, or a bitmap. `never` if the types of browsers are not part
 * of the TypeScript configuration.
 */
export type BitmapSource = typeof globalThis extends { readonly createImageBitmap: (image: infer Source, ...rest: never[]) => unknown }
  ? Source
  : never;

/** An image in a browser: a file, a URL, or a decoded image. */
export type BrowserImage = Blob | URL | string | BitmapSource;

/** Options of {@link browserPixels}. */
export interface BrowserPixelsOptions {
  /** Background for transparent pixels, as a CSS color. @defaultValue 'white' */
  readonly background?: string | undefined;
}

/** Types that `createImageBitmap` accepts. Names are compared, because another window has other classes. */
const DECODABLE =
  /^\[object (?:Blob|File|ImageBitmap|ImageData|HTML(?:Image|Video|Canvas)Element|SVGImageElement|OffscreenCanvas|VideoFrame)\]$/;
const browserImage = rule<BrowserImage>(
  'a File, URL, canvas, image or bitmap',
  (value) => text.accepts(value) || value instanceof URL || DECODABLE.test(Object.prototype.toString.call(value)),
);

/**
 * Decodes a File, Blob, URL, canvas, image or video element to RGB, rotated by its EXIF orientation.
 *
 * @returns Uint8 pixels `[height, width, 3]`.
 * @throws {OptionError} when the image is of another type, or the background is not a CSS color.
 * @throws {EffnetError} outside of browsers.
 * @throws {DataError} when the image cannot be fetched or decoded. The message names the file or URL.
 * @example
 * const files = Dataset.from([...(input.files ?? [])]);
 * const decoded = files.map(async (file) => ({ pixels: await browserPixels(file), label: 0, origin: file.name }));
 * const images = augment(decoded.withPreprocessing('original'), evalTransform(model)); // resized for the model
 */
export async function browserPixels(image: BrowserImage, options: BrowserPixelsOptions = {}): Promise<Pixels> {
  check('browserPixels', 'image', image, browserImage);
  const { background = 'white' } = checkOptions('browserPixels', options, { background: text });
  if (typeof createImageBitmap === 'undefined' || typeof OffscreenCanvas === 'undefined') {
    throw new EffnetError(
      'browserPixels: expected a browser, received a runtime without createImageBitmap or OffscreenCanvas. In Node, use `decodeImage` of effnet-ts/node.',
    );
  }
  checkColor(background);
  const origin = image instanceof URL || typeof image === 'string' ? String(image) : ((image as Partial<File>).name ?? 'image');
  try {
    const bitmap = await createImageBitmap(await loaded(image), { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
    const { width, height } = bitmap;
    const context = contextOf(width, height);
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

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  return new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
}

/** Throws unless the background is a color. A canvas ignores an invalid color and keeps the previous one. */
function checkColor(background: string): void {
  const context = contextOf(1, 1);
  const [first, second] = ['black', 'white'].map((color) => {
    context.fillStyle = color;
    context.fillStyle = background;
    return context.fillStyle;
  });
  if (first !== second) throw invalid('browserPixels', 'background', 'a CSS color', background);
}

async function loaded(image: BrowserImage): Promise<BitmapSource> {
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
