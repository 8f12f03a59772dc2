// Worker threads that share the batches of training and prediction. The code that runs in them is trainingWorker.ts.

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { BackendError } from '../../core/index.js';
import { checkOptions, oneOf, positiveInteger } from '../../core/internal.js';
import type { CopySetup, PlainTensor, ReplicaSetup, ReplicaThread, ShareResult } from '../../training/internal.js';
import type { TrainingWorkers } from '../../training/index.js';
import { unpackError } from '../images/internal.js';
import { physicalCores } from './physicalCores.js';
import type { TrainingAnswer, TrainingTask } from './trainingWorker.js';

/** Options of {@link trainingWorkers}. */
export interface TrainingWorkersOptions {
  /** Number of threads. @defaultValue one per physical core */
  readonly threads?: number | undefined;
  /**
   * How BatchNormalization that trains computes its statistics. `'perThread'` normalizes each thread's share of a batch by itself, as
   * `tf.distribute` does. `'frozen'` refuses stages in which it trains.
   * @defaultValue 'frozen'
   */
  readonly batchNorm?: 'frozen' | 'perThread' | undefined;
}

/**
 * Makes worker threads for `fineTune`, `trainHead`, `evaluate` and `classifyMany`. Each thread has a copy of the model on the wasm backend
 * and takes its share of every batch.
 *
 * The result equals that of one thread up to rounding, also with dropout and stochastic depth. Idle threads do not keep the process
 * running.
 *
 * @returns The threads. They start when they are first used; the caller must dispose them.
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const workers = trainingWorkers();
 * await fineTune(model, { train, stages: [{ unfreeze: { from: 'block5a' }, epochs: 5 }], workers });
 * const evaluation = await evaluate(model, validation, { workers });
 * await workers.dispose();
 */
export function trainingWorkers(options: TrainingWorkersOptions = {}): TrainingWorkers {
  const { threads = physicalCores(), batchNorm = 'frozen' } = checkOptions('trainingWorkers', options, {
    threads: positiveInteger,
    batchNorm: oneOf('frozen', 'perThread'),
  });
  let running: readonly TrainingThread[] = [];
  let opened = 0;
  let isDisposed = false;
  return {
    threads,
    batchNorm,
    async open(setups) {
      if (isDisposed)
        throw new BackendError('trainingWorkers: expected threads that run, received disposed ones. Dispose them after their last use.');
      // Threads that ended are replaced.
      running = Array.from({ length: threads }, (_, i) => (running[i]?.hasEnded === false ? running[i] : startThread()));
      const model = opened++;
      const copies = setups.map((setup, i) => copyIn(running[i] as TrainingThread, model, setup));
      const results = await Promise.allSettled(copies.map((copy) => copy.open()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed === undefined) return copies;
      await Promise.all(copies.map((copy) => copy.close()));
      throw failed.reason;
    },
    async dispose() {
      isDisposed = true;
      await Promise.all(running.map((thread) => thread.end()));
    },
  };
}

/** A copy of a model in a thread. The number tells the copies of one thread apart. */
function copyIn(
  thread: TrainingThread,
  model: number,
  setup: ReplicaSetup | CopySetup,
): ReplicaThread & { readonly open: () => Promise<void> } {
  const ask = (task: Unnumbered<TrainingTask>): Promise<TrainingAnswer['result']> => thread.ask({ ...task, model }, setup.where);
  return {
    open: async () => {
      await ask({ name: 'open', setup });
    },
    step: async (share) => (await ask({ name: 'step', share })) as ShareResult,
    predict: async (inputs) => (await ask({ name: 'predict', inputs })) as readonly PlainTensor[],
    reduce: async (reduction) => {
      await ask({ name: 'reduce', reduction });
    },
    close: async () => {
      if (!thread.hasEnded) await ask({ name: 'close' });
    },
  };
}

/** A task without the numbers of its model and its answer. */
type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, 'id' | 'model'> : never;

interface TrainingThread {
  readonly hasEnded: boolean;
  /** Sends a task. `where` is the function that errors name. */
  ask(task: Unnumbered<TrainingTask> & { readonly model: number }, where: string): Promise<TrainingAnswer['result']>;
  end(): Promise<unknown>;
}

interface WaitingTask {
  readonly where: string;
  readonly resolve: (result: TrainingAnswer['result']) => void;
  readonly reject: (error: Error) => void;
}

function startThread(): TrainingThread {
  const worker = new Worker(createRequire(import.meta.url).resolve('#trainingWorker'));
  const waiting = new Map<number, WaitingTask>();
  let latest = 0;
  let ended: { readonly reason: string; readonly cause?: unknown } | undefined;
  // Only threads with a task keep the process running.
  worker.unref();
  const fail = (reason: string, cause?: unknown): void => {
    ended ??= { reason, cause };
    for (const { where, reject } of waiting.values()) reject(endedError(where, ended));
    waiting.clear();
  };
  worker.on('message', ({ id, result, error }: TrainingAnswer) => {
    const task = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    if (error === undefined) task?.resolve(result);
    else task?.reject(unpackError(error));
  });
  worker.on('error', (cause) => {
    fail(cause instanceof Error ? cause.message : String(cause), cause);
  });
  worker.on('exit', (code) => {
    fail(`exit code ${code}`);
  });
  return {
    get hasEnded() {
      return ended !== undefined;
    },
    ask: (task, where) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(endedError(where, ended));
          return;
        }
        const id = latest++;
        waiting.set(id, { where, resolve, reject });
        worker.ref();
        worker.postMessage({ ...task, id });
      }),
    end: () => worker.terminate(),
  };
}

function endedError(where: string, { reason, cause }: { readonly reason: string; readonly cause?: unknown }): BackendError {
  const remedy = where === 'fineTune' ? 'The last checkpoint remains valid.' : 'Repeat the call.';
  return new BackendError(`${where}: expected training threads that run, but one ended: ${reason}. ${remedy}`, { cause });
}
