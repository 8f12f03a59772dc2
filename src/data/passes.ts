// The passes over one dataset: each has its own epoch, and those that a caller has not read to the end can be closed.

import { finiteReader } from './finiteReader.js';
import { passReader } from './passReader.js';
import type { Pass } from './operators.js';

/** The passes over one dataset. */
export interface Passes<T> {
  /** Returns an iterator over the next pass. The pass begins when its first item is requested. */
  next(): AsyncIterator<T>;
  /** Like `next`, for callers that never close an iterator: it is closed when it is garbage collected, and checks its tensors. */
  nextFinite(): { next(): Promise<IteratorResult<T>> };
  /** Closes all passes that have begun and not ended. */
  close(): Promise<void>;
}

export function createPasses<T>(open: (pass: Pass) => AsyncIterable<T>): Passes<T> {
  const unfinished = new Set<AsyncIterator<unknown>>();
  let epoch = 0;
  const next = (): AsyncIterator<T> => passReader(() => open({ epoch: epoch++, signal: undefined }), unfinished);
  return {
    next,
    nextFinite: () => {
      const reader = next();
      const handle = finiteReader(reader, epoch);
      forgotten.register(handle, reader);
      return handle;
    },
    close: async () => {
      for (const reader of [...unfinished]) await reader.return?.();
    },
  };
}

const forgotten = new FinalizationRegistry<AsyncIterator<unknown>>((reader) => {
  reader.return?.().catch(() => undefined);
});
