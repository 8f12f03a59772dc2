// Memory of pictures nobody looks at any more, for the next ones. New memory for each brings a full garbage collection every few dozen
// pictures.

import type { Pixels } from './pixels.js';

/** Held weakly: what is not taken again goes with the next collection. */
const spare: WeakRef<Float32Array>[] = [];
const LIMIT = 256;

/** Memory for a picture, with whatever was in it: every value is to be written. */
export function floats(length: number): Float32Array {
  return takeSpare(length) ?? new Float32Array(length);
}

/** Memory that was given back, if there is some of this length. */
export function takeSpare(length: number): Float32Array | undefined {
  for (let i = spare.length - 1; i >= 0; i--) {
    const values = (spare[i] as WeakRef<Float32Array>).deref();
    if (values !== undefined && values.length !== length) continue;
    spare.splice(i, 1);
    if (values !== undefined) return values;
  }
  return undefined;
}

/**
 * Lends the memory of a picture to the next one that is made: for the only holder of it, who looks at it no more. Bytes and parts of a
 * larger memory are left alone.
 *
 * @param kept - What was made of the picture, which may be its very memory: then it is left alone, too.
 */
export function giveBack(data: Pixels['data'], kept?: Pixels['data']): void {
  if (!(data instanceof Float32Array) || data.byteLength !== data.buffer.byteLength || data.buffer === kept?.buffer) return;
  if (spare.length === LIMIT) spare.shift();
  spare.push(new WeakRef(data));
}
