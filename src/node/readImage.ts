// One picture of a dataset, from its file or bytes to the pixels asked for: what a thread does for readImages.

import { resizeTo, type Fit, type Pixels, type Interpolation, type Size } from '../image/index.js';
import { decodeImage, MAX_PIXELS, type DecodeOptions } from './decodeImage.js';
import { useJpeg } from './decodeJpeg.js';
import { readRegularFileHere } from './readRegularFile.js';

/** A picture that is still a file, or the bytes of one. */
export interface ImageSource {
  readonly path?: string | undefined;
  readonly bytes?: Uint8Array | undefined;
  readonly origin: string;
}

/** How a picture is decoded, and resized where its size is given. */
export interface ReadImageSettings {
  readonly decoding: DecodeOptions;
  readonly resizing?: { readonly size: Size; readonly fit: Fit; readonly interpolation: Interpolation; readonly antialias: boolean } | undefined;
}

/** Decodes one picture on sharp's threads and resizes it on this one. */
export async function readImage({ path, bytes, origin }: ImageSource, { decoding, resizing }: ReadImageSettings): Promise<Pixels> {
  const pixels = await (bytes === undefined ? decodeImage(path as string, decoding) : decodeImage(bytes, { ...decoding, origin }));
  return resizing === undefined ? pixels : resized(pixels, resizing);
}

/** The same for a thread that has nothing else to do: it decodes JPEGs itself. */
export async function readImageHere(source: ImageSource, settings: ReadImageSettings): Promise<Pixels> {
  const { decoding: { dctMethod = 'accurate', maxPixels = MAX_PIXELS, size }, resizing } = settings;
  const bytes = source.bytes ?? readIfPossible(source.path as string);
  // sharp shrinks while it decodes, and says what is wrong with a file.
  if (size !== undefined || bytes === undefined) return readImage(source, settings);
  const pixels = await useJpeg(bytes, dctMethod, maxPixels, (lent) => (resizing === undefined ? { ...lent, data: lent.data.slice() } : resized(lent, resizing)));
  return pixels ?? readImage({ bytes, origin: source.path ?? source.origin }, settings);
}

function resized(pixels: Pixels, { size, fit, interpolation, antialias }: NonNullable<ReadImageSettings['resizing']>): Pixels {
  return resizeTo(pixels, size, fit, { interpolation, antialias });
}

function readIfPossible(path: string): Uint8Array | undefined {
  try {
    return readRegularFileHere(path);
  } catch {
    return undefined;
  }
}
