// Long work reports here; what shows it (a terminal bar, a page, a log) lives elsewhere.

/** How far a piece of work has come. */
export interface Progress {
  /** What is being done, for example `features` or `epoch 2/5`. */
  readonly task: string;
  /** Units finished so far. */
  readonly done: number;
  /** Units in all; `undefined` while unknown. */
  readonly total: number | undefined;
  /** What is counted, in the plural: `images`, `bytes`, `steps`. */
  readonly unit: string;
  /** Units a second since the start. */
  readonly rate: number;
  /** Seconds left at that rate; `undefined` while the total is unknown. */
  readonly secondsLeft: number | undefined;
  /** Figures to show beside it, for example the loss so far. */
  readonly figures?: Readonly<Record<string, number>> | undefined;
}

/** Receives progress; must not throw. */
export type ProgressListener = (progress: Progress) => void;

/** Reports how far one task has come. */
export interface ProgressTracker {
  /** `done` units are finished. */
  (done: number, figures?: Readonly<Record<string, number>>): void;
  /**
   * No more units follow: reports `done`, the last count where it is not given, as the total, unless the total was known and is reached.
   */
  readonly end: (done?: number) => void;
}

/** Counts units of one task and reports each advance with its rate and estimate. */
export function trackProgress(listener: ProgressListener | undefined, task: string, unit: string, total?: number): ProgressTracker {
  const start = performance.now();
  let last: { readonly done: number; readonly figures: Progress['figures'] } | undefined;
  const report = (done: number, figures: Progress['figures'], whole: number | undefined): void => {
    const seconds = (performance.now() - start) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const secondsLeft = whole === undefined || rate === 0 ? undefined : Math.max(0, whole - done) / rate;
    listener?.({ task, done, total: whole, unit, rate, secondsLeft, ...(figures === undefined ? {} : { figures }) });
  };
  const advance = (done: number, figures?: Progress['figures']): void => {
    last = { done, figures };
    report(done, figures, total);
  };
  return Object.assign(advance, {
    end: (done = last?.done) => {
      if (done !== undefined && !(done === total && last?.done === done)) report(done, last?.figures, done);
    },
  });
}
