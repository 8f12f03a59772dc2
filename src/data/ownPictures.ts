// Which datasets make every picture anew and keep none: whoever reads a pass of one is its pictures' only holder, and may give back their
// memory.

import type { Dataset } from './Dataset.js';

const made = new WeakSet<Dataset<unknown>>();

/** Says so of a dataset. */
export function makesPictures<T>(images: Dataset<T>): Dataset<T> {
  made.add(images);
  return images;
}

/** Whether the reader of a pass is the only holder of its pictures. */
export function holdsNone(images: Dataset<unknown>): boolean {
  return made.has(images);
}
