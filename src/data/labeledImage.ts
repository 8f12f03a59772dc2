// What the pipelines for images carry.

import type { Pixels } from '../image/index.js';

/** A class index, or a vector of targets: one-hot, several-hot or soft. */
export type Label = number | Float32Array;

/** An image with its label. */
export interface LabeledImage {
  readonly pixels: Pixels;
  readonly label: Label;
  /** The file or record it comes from; random steps draw their numbers by it. */
  readonly origin?: string | undefined;
}
