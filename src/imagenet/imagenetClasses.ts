// The 1000 ImageNet classes, as objects and as names.

import { IMAGENET_ROWS } from './imagenetRows.js';

/** An ImageNet class. */
export interface ImageNetClass {
  /** Index of the class in a network's output. */
  readonly index: number;
  /** Synset ID in WordNet 3.0, for example `n02510455`. */
  readonly wordNetId: string;
  /** Names of the class, separated by commas. The most common one is first. */
  readonly name: string;
}

/**
 * The 1000 ImageNet classes, in the order of a network's outputs.
 *
 * @example
 * IMAGENET_CLASSES[388]; // { index: 388, wordNetId: 'n02510455', name: 'giant panda, panda, ...' }
 */
export const IMAGENET_CLASSES: readonly ImageNetClass[] = /* @__PURE__ */ IMAGENET_ROWS.map(([wordNetId, name], index) => ({
  index,
  wordNetId,
  name,
}));

/**
 * The most common name of each of the 1000 ImageNet classes, for `setClassNames`. Two names (crane and maillot) occur twice.
 *
 * @example
 * setClassNames(model, IMAGENET_CLASS_NAMES);
 */
export const IMAGENET_CLASS_NAMES: readonly string[] = /* @__PURE__ */ IMAGENET_ROWS.map(([, name]) => name.split(',')[0] ?? name);
