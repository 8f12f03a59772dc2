// One picture of a dataset, from its file or bytes to the pixels asked for: what a thread does for readImages.

import { resizeTo, type Fit, type Pixels, type ResizeMethod, type Size } from '../image/index.js';
import { decodeImage, type DecodeOptions } from './decodeImage.js';

/** A picture that is still a file, or the bytes of one. */
export interface ImageSource {
  readonly path?: string;
  readonly bytes?: Uint8Array;
  readonly origin: string;
}

/** How a picture is decoded, and resized where its size is given. */
export interface ReadImageSettings {
  readonly decoding: DecodeOptions;
  readonly resizing?: { readonly size: Size; readonly fit: Fit; readonly method: ResizeMethod; readonly antialias: boolean };
}

/** Decodes one picture and resizes it. */
export async function readImage({ path, bytes, origin }: ImageSource, { decoding, resizing }: ReadImageSettings): Promise<Pixels> {
  const pixels = await (bytes === undefined ? decodeImage(path as string, decoding) : decodeImage(bytes, { ...decoding, origin }));
  if (resizing === undefined) return pixels;
  const { size, fit, method, antialias } = resizing;
  return resizeTo(pixels, size, fit, { method, antialias });
}
