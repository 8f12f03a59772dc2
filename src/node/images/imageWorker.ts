// The part of imageWorkers that runs in its threads. Results and errors are sent as plain data.

import { move, transferableSymbol, valueSymbol } from 'piscina';
import { createRandom } from '../../core/internal.js';
import type { ImageChange } from '../../data/internal.js';
import { giveBack, transformFrom } from '../../image/internal.js';
import type { Pixels } from '../../image/index.js';
import { randomJpegQuality } from './encodeImage.js';
import { packError, type ErrorRecord } from './errorRecord.js';
import { readImageHere, type ImageSource, type ReadImageSettings } from './readImage.js';

/** The result of a task. */
export type Answer = { readonly pixels: Pixels } | { readonly error: ErrorRecord };

/** Memory that the thread may reuse for its result. */
interface Lent {
  readonly memory?: Float32Array | undefined;
}

/** An image to read, and an optional change to apply to it. */
export interface ReadTask extends Lent {
  readonly source: ImageSource;
  readonly settings: ReadImageSettings;
  readonly change?: ImageChange | undefined;
}

/** Reads one image and applies the change, if any. */
export function read({ source, settings, change, memory }: ReadTask): Promise<Answer> {
  return answer(memory, async () => {
    const pixels = await readImageHere(source, settings);
    return change === undefined ? pixels : changed(pixels, change);
  });
}

/** An image and the change to apply to it. */
export interface TransformTask extends Lent {
  readonly pixels: Pixels;
  readonly change: ImageChange;
}

/** Applies a change to one image. */
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

/** Copies pixels unless they have a buffer of their own. Shared buffers, and those of native code, cannot be transferred. */
function ownPixels(pixels: Pixels): Pixels {
  const { data } = pixels;
  return data instanceof Float32Array && data.byteLength === data.buffer.byteLength ? pixels : { ...pixels, data: data.slice() };
}
