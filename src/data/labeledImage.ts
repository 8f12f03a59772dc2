// The items of image pipelines.

import type { Pixels } from '../image/index.js';

/** A class index, or a vector of targets in [0, 1]: one-hot, multi-hot or soft. */
export type Label = number | Float32Array;

/** An image with its label. */
export interface LabeledImage {
  readonly pixels: Pixels;
  readonly label: Label;
  /** The file or record that the image comes from. Random steps such as `augment` use it as part of their seed. */
  readonly origin?: string | undefined;
}
