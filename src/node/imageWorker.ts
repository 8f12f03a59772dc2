// The side of imageWorkers that runs in its threads. Answers and errors travel as plain data.

import { move, transferableSymbol, valueSymbol } from 'piscina';
import { createRandom } from '../core/index.js';
import type { PictureChange } from '../data/index.js';
import { transformFrom, type Pixels } from '../image/index.js';
import { randomJpegQuality } from './encodeImage.js';
import { packError, type ErrorRecord } from './errorRecord.js';
import { readImageHere, type ImageSource, type ReadImageSettings } from './readImage.js';

/** What a thread answers. */
export type Answer = { readonly pixels: Pixels } | { readonly error: ErrorRecord };

/** A picture to read, and what to do to it then. */
export interface ReadTask {
  readonly source: ImageSource;
  readonly settings: ReadImageSettings;
  readonly change?: PictureChange;
}

/** Reads one picture, and changes it if asked. */
export function read({ source, settings, change }: ReadTask): Promise<Answer> {
  return answer(async () => {
    const pixels = await readImageHere(source, settings);
    return change === undefined ? pixels : changed(pixels, change);
  });
}

/** A picture and what to do to it. */
export interface TransformTask {
  readonly pixels: Pixels;
  readonly change: PictureChange;
}

/** Changes one picture. */
export function transform({ pixels, change }: TransformTask): Promise<Answer> {
  return answer(() => changed(pixels, change));
}

function changed(pixels: Pixels, { spec, seed }: PictureChange): Pixels | Promise<Pixels> {
  return transformFrom(spec, { randomJpegQuality }).apply(pixels, createRandom(seed));
}

async function answer(work: () => Pixels | Promise<Pixels>): Promise<Answer> {
  try {
    const pixels = ownPixels(await work());
    const { buffer } = pixels.data;
    return move({ [transferableSymbol]: [buffer], [valueSymbol]: { pixels } }) as unknown as Answer;
  } catch (error) {
    return { error: packError(error) };
  }
}

/** Pixels whose memory is theirs alone and was not made by native code, so that it can change threads. */
function ownPixels(pixels: Pixels): Pixels {
  const { data } = pixels;
  return data instanceof Float32Array && data.byteLength === data.buffer.byteLength ? pixels : { ...pixels, data: data.slice() };
}
