// Starts work before its result is requested. Used by concurrent `map` and by `prefetch`.

import { releaseItem } from './items.js';

/**
 * Starts up to `limit` items before they are requested, and yields their results in the order of the source.
 *
 * An item counts from when it is read from the source until its result is yielded. When the consumer stops, nothing more is read, and
 * results that are not yielded are released.
 */
export async function* runAhead<T, R>(
  source: AsyncIterable<T>,
  limit: number,
  start: (item: T, index: number) => R | Promise<R>,
): AsyncGenerator<R> {
  const started: Promise<R>[] = [];
  const iterator = source[Symbol.asyncIterator]();
  const bell = signalBell();
  const state: { stopped: boolean; ended: boolean; failure?: { readonly error: unknown } | undefined } = { stopped: false, ended: false };

  const pump = async (): Promise<void> => {
    try {
      for (let index = 0; ; index++) {
        while (started.length >= limit && !state.stopped) await bell.heard();
        if (state.stopped) return;
        const next = await iterator.next();
        if (next.done === true) return;
        const result = promised(start, next.value, index);
        // A failure is reported when it is the item's turn, not as an unhandled rejection.
        result.catch(() => undefined);
        started.push(result);
        bell.ring();
      }
    } catch (error) {
      state.failure = { error };
    } finally {
      state.ended = true;
      bell.ring();
    }
  };
  const pumping = pump();
  try {
    for (;;) {
      while (started.length === 0 && !state.ended) await bell.heard();
      const head = started[0];
      if (head === undefined) break;
      // It stays in the queue until it is ready, so that it counts toward the limit.
      const result = await head;
      void started.shift();
      bell.ring();
      yield result;
    }
    if (state.failure !== undefined) throw state.failure.error;
  } finally {
    state.stopped = true;
    bell.ring();
    await pumping;
    await iterator.return?.();
    for (const result of await Promise.allSettled(started)) if (result.status === 'fulfilled') releaseItem(result.value);
  }
}

/** Calls a function. If it throws, the promise rejects. */
async function promised<T, R>(start: (item: T, index: number) => R | Promise<R>, item: T, index: number): Promise<R> {
  return start(item, index);
}

/** Lets two loops wait for each other. */
function signalBell(): { heard(): Promise<void>; ring(): void } {
  let waiting: (() => void)[] = [];
  return {
    heard: () => new Promise((resolve) => waiting.push(resolve)),
    ring() {
      const ready = waiting;
      waiting = [];
      for (const resolve of ready) resolve();
    },
  };
}
