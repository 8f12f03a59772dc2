// Properties that a dataset has besides its size, and that each step passes on, changes or drops.

import { completePreprocessing, samePreprocessing } from '../image/internal.js';
import type { CompletePreprocessing, Preprocessing, TransformSpec } from '../image/index.js';
import type { CachedImages } from './cache.js';
import { joinedFingerprint, type DataFingerprint } from './fingerprint.js';
import type { LazyPasses } from './lazyItems.js';

/** A transform and the seed of its random numbers, as sent to a worker thread. */
export interface ImageChange {
  readonly spec: TransformSpec;
  readonly seed: number;
}

/** Returns how to change an image, given its origin and the epoch. */
export type ChangeOf = (origin: string, epoch: number) => ImageChange;

/** The traits that steps such as `map` and `take` decide on. */
export interface ItemTraits {
  /** Whether the items themselves differ from epoch to epoch. */
  readonly varies: boolean;
  /** How the images were preprocessed: 'original' for decoded images of any size, `undefined` when unknown. */
  readonly prepared: CachedImages;
  readonly fingerprint: () => DataFingerprint | undefined;
  /** Opens passes whose items are read on demand. `undefined` when the items cannot be identified or may vary. */
  readonly lazy: LazyPasses<unknown> | undefined;
}

/** All traits of a dataset. `Changed` is the type of a dataset whose images are changed while they are read. */
export interface Traits<Changed> extends ItemTraits {
  /** Whether every pass creates its images and keeps no reference to them. The consumer of a pass may then reuse their buffers. */
  readonly isReaderOnlyOwner: boolean;
  /**
   * Returns the same dataset with its images changed in the worker task that reads them, or `undefined` when `threads` are not the
   * threads that read them.
   */
  readonly readChanged: ((threads: object, changeOf: ChangeOf) => Changed | undefined) | undefined;
}

/** What a new dataset takes over from the datasets that it is made from. */
export function inheritedTraits(
  parents: readonly { readonly traits: ItemTraits; readonly fingerprint: DataFingerprint | undefined }[],
): Traits<never> {
  return {
    varies: parents.some((parent) => parent.traits.varies),
    prepared: parents.length === 1 ? parents[0]?.traits.prepared : undefined,
    fingerprint: () => joinedFingerprint(parents.map((parent) => parent.fingerprint)),
    lazy: undefined,
    isReaderOnlyOwner: false,
    readChanged: undefined,
  };
}

/** Checks a preprocessing that the caller declares and fills in its defaults. */
export function declaredPreprocessing(where: string, declared: Preprocessing | 'original' | undefined): CachedImages {
  return declared === 'original' || declared === undefined ? declared : completePreprocessing(where, declared);
}

/** Returns the preprocessing of images, `undefined` for those that have their original sizes. */
export function knownPreprocessing({ prepared }: ItemTraits): CompletePreprocessing | undefined {
  return prepared === 'original' ? undefined : prepared;
}

/** Returns the preprocessing that several datasets have in common, or `undefined` when they differ. */
export function agreed(all: readonly CachedImages[]): CachedImages {
  const [first] = all;
  const same = (other: CachedImages): boolean =>
    other === first || (typeof other === 'object' && typeof first === 'object' && samePreprocessing(other, first));
  return all.every(same) ? first : undefined;
}
