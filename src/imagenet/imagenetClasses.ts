// The thousand classes as objects and as names.

import { IMAGENET_ROWS } from './imagenetRows.js';

/** A class of ImageNet. */
export interface ImageNetClass {
  /** Its place among a network's outputs. */
  readonly index: number;
  /** Its synset in WordNet 3.0, for example `n02510455`. */
  readonly wordNetId: string;
  /** Its names, the usual one first, separated by commas. */
  readonly name: string;
}

/**
 * The thousand classes, in the order of a network's outputs.
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
 * The usual names of the thousand classes, for `setClassNames`; two of them (crane, maillot) stand for two classes each.
 *
 * @example
 * setClassNames(model, IMAGENET_CLASS_NAMES);
 */
export const IMAGENET_CLASS_NAMES: readonly string[] = /* @__PURE__ */ IMAGENET_ROWS.map(([, name]) => name.split(',')[0] ?? name);
