// The side of imageWorkers that runs in its threads. Answers and errors travel as plain data.

import { move, transferableSymbol, valueSymbol } from 'piscina';
import { createRandom } from '../../core/internal.js';
import type { ImageChange } from '../../data/internal.js';
import { giveBack, transformFrom } from '../../image/internal.js';
import type { Pixels } from '../../image/index.js';
import { randomJpegQuality } from './encodeImage.js';
import { packError, type ErrorRecord } from './errorRecord.js';
import { readImageHere, type ImageSource, type ReadImageSettings } from './readImage.js';

/** What a thread answers. */
export type Answer = { readonly pixels: Pixels } | { readonly error: ErrorRecord };

/** Memory for the answer. */
interface Lent {
  readonly memory?: Float32Array | undefined;
}

/** A picture to read, and what to do to it then. */
export interface ReadTask extends Lent {
  readonly source: ImageSource;
  readonly settings: ReadImageSettings;
  readonly change?: ImageChange | undefined;
}

/** Reads one picture, and changes it if asked. */
export function read({ source, settings, change, memory }: ReadTask): Promise<Answer> {
  return answer(memory, async () => {
    const pixels = await readImageHere(source, settings);
    return change === undefined ? pixels : changed(pixels, change);
  });
}

/** A picture and what to do to it. */
export interface TransformTask extends Lent {
  readonly pixels: Pixels;
  readonly change: ImageChange;
}

/** Changes one picture. */
export function transform({ pixels, change, memory }: TransformTask): Promise<Answer> {
  return answer(memory, () => changed(pixels, change));
}

async function changed(given: Pixels, { spec, seed }: ImageChange): Promise<Pixels> {
  const pixels = await transformFrom(spec, { randomJpegQuality }).apply(given, createRandom(seed));
  giveBack(given.data, pixels.data);
  return pixels;
}

async function answer(memory: Float32Array | undefined, work: () => Promise<Pixels>): Promise<Answer> {
  if (memory !== undefined) giveBack(memory);
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
