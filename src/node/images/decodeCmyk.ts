// Decodes CMYK images as TensorFlow and Pillow do, by multiplying each ink with black. sharp would use a color profile instead.

import type { SharpOptions } from 'sharp';
import type { Pixels } from '../../image/index.js';
import { hasAdobeMark, jpegFrame } from './jpegFrame.js';
import type { SharpModule } from './loadSharp.js';

/**
 * Decodes a JPEG or TIFF in CMYK (or YCCK) to RGB, as `tf.io.decode_jpeg` does.
 *
 * @returns Uint8 pixels `[height, width, 3]`, or 4 channels where the file has alpha. `undefined` when the file is not in CMYK.
 * @see tensorflow/core/lib/jpeg/jpeg_mem.cc
 */
export async function decodeCmyk(sharp: SharpModule, bytes: Uint8Array, reading: SharpOptions): Promise<Pixels | undefined> {
  const depth = await cmykDepth(sharp, bytes, reading);
  if (depth === undefined) return undefined;
  const { data: raw, info } = await sharp(bytes, reading)
    .pipelineColorspace('cmyk')
    .toColorspace('cmyk')
    .raw({ depth })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const stored: number = info.channels;
  const channels = stored === 5 ? 4 : 3;
  const data = depth === 'uchar' ? raw : upperBytes(raw);
  // libvips treats the inks of every JPEG as inverted. TensorFlow does so only for files with Adobe's marker.
  const inverted = bytes[0] === 0xff && !hasAdobeMark(bytes) ? 255 : 0;
  const rgb = new Uint8Array(width * height * channels);
  for (let from = 0, to = 0; to < rgb.length; from += stored) {
    const white = 255 - ((data[from + 3] as number) ^ inverted);
    for (let ink = 0; ink < 3; ink++) rgb[to++] = Math.floor(((255 - ((data[from + ink] as number) ^ inverted)) * white) / 255);
    if (channels === 4) rgb[to++] = data[from + 4] as number;
  }
  return { width, height, channels, data: rgb };
}

/** How the inks of a CMYK file are stored. `undefined` for other files. */
async function cmykDepth(sharp: SharpModule, bytes: Uint8Array, reading: SharpOptions): Promise<'uchar' | 'ushort' | undefined> {
  if (bytes[0] === 0xff) return jpegFrame(bytes)?.components === 4 ? 'uchar' : undefined;
  const isTiff = (bytes[0] === 0x49 && bytes[1] === 0x49) || (bytes[0] === 0x4d && bytes[1] === 0x4d);
  if (!isTiff) return undefined;
  const { space, depth } = await sharp(bytes, reading).metadata();
  return space !== 'cmyk' ? undefined : depth === 'ushort' ? 'ushort' : 'uchar';
}

function upperBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return Uint8Array.from(new Uint16Array(buffer, byteOffset, length / 2), (value) => value >> 8);
}
