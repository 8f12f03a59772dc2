// A checkpoint store in memory.

import type { CheckpointStore } from '../../src/training/index.js';

/** Creates an empty store. `bytes` is the last checkpoint, which tests may also replace. */
export function memoryStore(): CheckpointStore & { bytes: Uint8Array | undefined } {
  const store = {
    bytes: undefined as Uint8Array | undefined,
    read: () => Promise.resolve(store.bytes),
    write: (bytes: Uint8Array) => {
      store.bytes = bytes.slice();
      return Promise.resolve();
    },
  };
  return store;
}
