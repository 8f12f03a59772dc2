// Simulates threads on separate cores where there are fewer cores: the threads compute their shares one after another, and the time by
// which they would have overlapped is measured. Cores that share caches and memory bandwidth are somewhat slower than this.

import type { TrainingWorkers } from 'effnet-ts/node';

/** Threads that take turns. */
export interface SimulatedThreads {
  readonly workers: TrainingWorkers;
  /** Returns the milliseconds that separate cores would have saved so far. */
  readonly saved: () => number;
}

/** Makes threads take turns. */
export function oneAfterAnother(workers: TrainingWorkers): SimulatedThreads {
  let saved = 0;
  let queued = 0;
  let [sum, longest] = [0, 0];
  let last: Promise<unknown> = Promise.resolve();

  /** Tasks that are requested together would run at the same time. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    queued += 1;
    const timed = async (): Promise<T> => {
      const start = performance.now();
      try {
        return await task();
      } finally {
        const time = performance.now() - start;
        [sum, longest] = [sum + time, Math.max(longest, time)];
        queued -= 1;
        if (queued === 0) {
          saved += sum - longest;
          [sum, longest] = [0, 0];
        }
      }
    };
    const result = last.then(timed, timed);
    last = result;
    return result;
  };

  return {
    saved: () => saved,
    workers: {
      ...workers,
      open: async (setups) =>
        (await workers.open(setups)).map((thread) => ({
          ...thread,
          step: (share) => inTurn(() => thread.step(share)),
          predict: (inputs) => inTurn(() => thread.predict(inputs)),
          reduce: (reduction) => inTurn(() => thread.reduce(reduction)),
        })),
    },
  };
}
