// Collects items that wait for an answer into batches, one batch at a time.

/** A bounded queue in front of a function that answers batches. */
export interface BatchQueue<Item, Answer> {
  /** Number of items that wait or are being answered. */
  readonly length: number;
  /** Estimated seconds until a new item would be answered. */
  readonly delay: number;
  /**
   * Adds items, all or none.
   *
   * @param signal - Items that still wait when it aborts are dropped, and the promise rejects.
   * @returns The answers in order, or `undefined` if the queue has no room for all items.
   */
  add(items: readonly Item[], signal: AbortSignal): Promise<Answer[]> | undefined;
  /** Resolves when no item waits or is being answered. */
  idle(): Promise<void>;
}

/** The weight of the latest batch in the average time of an item. */
const LATEST = 0.2;

/**
 * Creates a queue. Items that arrive while a batch is answered form the next batch.
 *
 * @param answerBatch - Answers a batch in order. If it rejects, every item of the batch does.
 */
export function batchQueue<Item, Answer>(
  answerBatch: (items: readonly Item[]) => Promise<readonly Answer[]>,
  { batchSize, limit }: { readonly batchSize: number; readonly limit: number },
): BatchQueue<Item, Answer> {
  interface Job {
    readonly item: Item;
    readonly signal: AbortSignal;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Job[] = [];
  let answering = 0;
  let secondsEach = 0;
  let work: Promise<void> | undefined;

  const answer = async (jobs: readonly Job[]): Promise<void> => {
    const start = performance.now();
    try {
      const answers = await answerBatch(jobs.map(({ item }) => item));
      for (const [i, { resolve }] of jobs.entries()) resolve(answers[i] as Answer);
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
    const each = (performance.now() - start) / 1000 / jobs.length;
    secondsEach = secondsEach === 0 ? each : (1 - LATEST) * secondsEach + LATEST * each;
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      for (const { signal, reject } of waiting) if (signal.aborted) reject(signal.reason);
      waiting = waiting.filter(({ signal }) => !signal.aborted);
      const jobs = waiting.splice(0, batchSize);
      answering = jobs.length;
      if (jobs.length > 0) await answer(jobs);
      answering = 0;
    }
    work = undefined;
  };

  return {
    get length() {
      return waiting.length + answering;
    },
    get delay() {
      return (waiting.length + answering) * secondsEach;
    },
    add(items, signal) {
      if (waiting.length + answering + items.length > limit) return undefined;
      const answers = items.map(
        (item) =>
          new Promise<Answer>((resolve, reject) => {
            waiting.push({ item, signal, resolve, reject });
          }),
      );
      // Items that arrive in the same turn of the event loop share the first batch, too.
      work ??= Promise.resolve().then(run);
      return Promise.all(answers);
    },
    async idle() {
      while (work !== undefined) await work;
    },
  };
}
