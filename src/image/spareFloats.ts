// Reuses the memory of images that are no longer needed. Allocating new memory for every image causes a full garbage collection every few
// dozen images.

import type { Pixels } from './pixels.js';

/** Weak references, so that the garbage collector can free arrays that are not reused. */
const spare: WeakRef<Float32Array>[] = [];
const LIMIT = 256;

/** Returns an array for an image. Its contents are arbitrary, so the caller must write every value. */
export function floats(length: number): Float32Array {
  return takeSpare(length) ?? new Float32Array(length);
}

/** Returns a spare array of this length, or `undefined` if there is none. */
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
 * Makes the memory of an image available for reuse. The caller must be its only owner and must not use it afterwards. Does nothing for
 * 8-bit data and for views of a larger buffer.
 *
 * @param kept - The image computed from this one. If both share memory, it is not reused.
 */
export function giveBack(data: Pixels['data'], kept?: Pixels['data']): void {
  if (!(data instanceof Float32Array) || data.byteLength !== data.buffer.byteLength || data.buffer === kept?.buffer) return;
  if (spare.length === LIMIT) spare.shift();
  spare.push(new WeakRef(data));
}
