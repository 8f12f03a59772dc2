// The side of imageWorkers that runs in its threads. Answers and errors travel as plain data.

import { move, transferableSymbol, valueSymbol } from 'piscina';
import { createRandom } from '../core/index.js';
import { transformFrom, type Pixels, type TransformSpec } from '../image/index.js';
import { randomJpegQuality } from './encodeImage.js';
import { packError, type ErrorRecord } from './errorRecord.js';
import { readImage, type ImageSource, type ReadImageSettings } from './readImage.js';

/** What a thread answers. */
export type Answer = { readonly pixels: Pixels } | { readonly error: ErrorRecord };

/** Reads one picture. */
export function read({ source, settings }: { readonly source: ImageSource; readonly settings: ReadImageSettings }): Promise<Answer> {
  return answer(() => readImage(source, settings));
}

/** Changes one picture. */
export function transform({ pixels, spec, seed }: { readonly pixels: Pixels; readonly spec: TransformSpec; readonly seed: number }): Promise<Answer> {
  return answer(() => transformFrom(spec, { randomJpegQuality }).apply(pixels, createRandom(seed)));
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
