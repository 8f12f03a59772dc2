// Advice for training data that is not in batches yet.

import { readable } from '../data/internal.js';

interface Source {
  readonly images?: unknown;
  readonly train?: { readonly images?: unknown } | undefined;
}

/**
 * Returns what to pass instead of the result of a function such as `imageFolder`, with or without `validationSplit`; otherwise an empty
 * string.
 */
export function batchesRemedy(value: unknown): string {
  const { images, train } = (value ?? {}) as Source;
  if (readable.accepts(images)) return 'Pass its `images` in batches: `imageBatches(folder.images)`.';
  if (readable.accepts(train?.images)) return 'Pass the `images` of one part in batches: `imageBatches(folder.train.images)`.';
  return '';
}
