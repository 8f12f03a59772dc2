// Reports the progress of long-running work to a listener.

/** The progress of a task. */
export interface Progress {
  /** The name of the task, for example `features` or `epoch 2/5`. */
  readonly task: string;
  /** Number of units finished so far. */
  readonly done: number;
  /** Total number of units, or `undefined` while unknown. */
  readonly total: number | undefined;
  /** The unit that is counted, in the plural: `images`, `bytes`, `steps`. */
  readonly unit: string;
  /** Units per second since the start. */
  readonly rate: number;
  /** Estimated seconds left, or `undefined` while the total is unknown. */
  readonly secondsLeft: number | undefined;
  /** Values to display next to the progress, for example the current loss. */
  readonly figures?: Readonly<Record<string, number>> | undefined;
}

/** Receives progress reports. It must not throw. */
export type ProgressListener = (progress: Progress) => void;

/** Reports the progress of one task. */
export interface ProgressTracker {
  /** Reports that `done` units are finished. */
  (done: number, figures?: Readonly<Record<string, number>>): void;
  /**
   * Reports that the task is complete, with `done` (by default the last reported count) as the total. Does nothing if the last report
   * already reached the known total.
   */
  readonly end: (done?: number) => void;
}

/** Creates a tracker that reports every advance with its rate and estimated time left. */
export function trackProgress(listener: ProgressListener | undefined, task: string, unit: string, total?: number): ProgressTracker {
  const start = performance.now();
  let last: { readonly done: number; readonly figures: Progress['figures'] } | undefined;
  const report = (done: number, figures: Progress['figures'], whole: number | undefined): void => {
    const seconds = (performance.now() - start) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const secondsLeft = whole === undefined || rate === 0 ? undefined : Math.max(0, whole - done) / rate;
    listener?.({ task, done, total: whole, unit, rate, secondsLeft, figures });
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
