// What a dataset knows about its items beside their number.

import { samePreprocessing } from '../image/internal.js';
import type { TransformSpec } from '../image/index.js';
import type { CachedImages } from './cache.js';
import type { DataFingerprint } from './fingerprint.js';

/** A transform and the seed of its random numbers, for another thread. */
export interface ImageChange {
  readonly spec: TransformSpec;
  readonly seed: number;
}

/** Chooses the change of an image by its origin and the epoch. */
export type ChangeOf = (origin: string, epoch: number) => ImageChange;

/** What a dataset knows about its items; `Changed` is the type of a dataset whose images are changed while they are read. */
export interface Traits<Changed> {
  /** Whether the items themselves differ from epoch to epoch. */
  readonly varies: boolean;
  /** How the images were made; 'original' for images as decoded; `undefined` when unknown. */
  readonly prepared: CachedImages;
  readonly fingerprint: () => DataFingerprint | undefined;
  /** Whether every pass makes its images anew and keeps none: its reader may then reuse their memory. */
  readonly isReaderOnlyOwner: boolean;
  /** Reads the images and changes them in one task of the threads that read them; `undefined` when these are other threads. */
  readonly readChanged: ((threads: object, changeOf: ChangeOf) => Changed | undefined) | undefined;
}

/** The common preprocessing of several datasets; `undefined` when they differ. */
export function agreed(all: readonly CachedImages[]): CachedImages {
  const [first] = all;
  const same = (other: CachedImages): boolean =>
    other === first || (typeof other === 'object' && typeof first === 'object' && samePreprocessing(other, first));
  return all.every(same) ? first : undefined;
}
