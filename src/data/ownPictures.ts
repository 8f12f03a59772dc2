// Which datasets make every picture anew and keep none: whoever reads a pass of one is its pictures' only holder, and may give back their memory.

import type { Dataset } from './Dataset.js';
import type { LabelledImage } from './imageBatches.js';

const made = new WeakSet<Dataset<LabelledImage>>();

/** Says so of a dataset. */
export function makesPictures(images: Dataset<LabelledImage>): Dataset<LabelledImage> {
  made.add(images);
  return images;
}

/** Whether the reader of a pass is the only holder of its pictures. */
export function holdsNone(images: Dataset<LabelledImage>): boolean {
  return made.has(images);
}
