// Work done before it is asked for: the one mechanism behind parallel `map` and `prefetch`.

import { releaseItem } from './items.js';

/**
 * Starts up to `limit` items before they are asked for, and yields their results in the order of the source.
 *
 * An item counts from the moment it is pulled from the source until it is handed out. When the consumer stops, nothing more is
 * pulled and finished results are released.
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
        // Its failure is reported when its turn comes, not as unhandled.
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
      // Kept in the queue until it is ready, so that it counts against the limit.
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

/** A function that throws becomes a promise that rejects. */
async function promised<T, R>(start: (item: T, index: number) => R | Promise<R>, item: T, index: number): Promise<R> {
  return start(item, index);
}

/** Lets two loops wait for each other's next step. */
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
