// Encodes images as files and data URLs, for reports and grids.

import type { Sharp } from 'sharp';
import { invalid, missingPackage } from '../core/internal.js';
import { checkFinitePixels, checkPixels } from '../image/internal.js';
import type { Pixels } from '../image/index.js';

/**
 * Encodes an image as PNG. Requires `sharp`; in a browser, use a canvas instead.
 *
 * @param image - Gray or RGB, with 1, 3 or 4 channels in [0, 255]. Fractions are rounded.
 * @returns The bytes of the file.
 * @throws {OptionError} when the value is not an image with 1, 3 or 4 channels. `DataError` when a pixel is not finite.
 * @throws {MissingPackageError} when sharp is not installed.
 * @example
 * await writeFile('heat.png', await encodePng(overlayHeat(photo, await gradCam(model, photo))));
 */
export async function encodePng(image: Pixels): Promise<Uint8Array> {
  return (await toSharp('encodePng', image)).png().toBuffer();
}

/**
 * Encodes an image as a JPEG `data:` URL, for a web page or an `imageGrid`. JPEG takes a tenth of the size of PNG.
 *
 * @throws {OptionError} when the value is not an image with 1, 3 or 4 channels. `DataError` when a pixel is not finite.
 * @throws {MissingPackageError} when sharp is not installed.
 * @example
 * const url = await imageDataUrl(photo); // data:image/jpeg;base64,...
 */
export async function imageDataUrl(image: Pixels): Promise<string> {
  const bytes = await (await toSharp('imageDataUrl', image)).jpeg({ quality: 88 }).toBuffer();
  return `data:image/jpeg;base64,${bytes.toString('base64')}`;
}

async function toSharp(where: string, image: Pixels): Promise<Sharp> {
  checkPixels(where, image);
  checkFinitePixels(where, image);
  const { width, height, channels } = image;
  if (channels !== 1 && channels !== 3 && channels !== 4) throw invalid(where, 'image.channels', '1, 3 or 4', channels);
  const { default: sharp } = await import('sharp').catch(missingPackage(where, 'sharp'));
  const bytes = image.data instanceof Float32Array ? Uint8ClampedArray.from(image.data) : image.data;
  return sharp(bytes, { raw: { width, height, channels } });
}
