// Worker threads that share the steps of fineTune. The code that runs in them is trainingWorker.ts.

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { BackendError } from '../../core/index.js';
import { checkOptions, oneOf, positiveInteger } from '../../core/internal.js';
import type { PlainTensor, ReplicaThread, ShareResult } from '../../training/internal.js';
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
 * Makes worker threads for `fineTune`. Each thread has a copy of the model on the wasm backend and takes its share of every batch.
 *
 * The result equals that of one thread up to rounding, also with dropout and stochastic depth. Idle threads do not keep the process
 * running.
 *
 * @returns The threads. They start with the first stage; the caller must dispose them.
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const workers = trainingWorkers();
 * await fineTune(model, { train, stages: [{ unfreeze: { from: 'block5a' }, epochs: 5 }], workers });
 * await workers.dispose();
 */
export function trainingWorkers(options: TrainingWorkersOptions = {}): TrainingWorkers {
  const { threads = physicalCores(), batchNorm = 'frozen' } = checkOptions('trainingWorkers', options, {
    threads: positiveInteger,
    batchNorm: oneOf('frozen', 'perThread'),
  });
  let running: TrainingThread[] | undefined;
  let isDisposed = false;
  return {
    threads,
    batchNorm,
    async open(setups) {
      if (isDisposed)
        throw new BackendError('trainingWorkers: expected threads that run, received disposed ones. Dispose them after the last training.');
      // Threads that ended are replaced.
      running = Array.from({ length: threads }, (_, i) => (running?.[i]?.hasEnded === false ? running[i] : startThread()));
      await Promise.all(running.map((thread, i) => thread.ask({ name: 'open', setup: setups[i] as (typeof setups)[number] })));
      return running.map((thread): ReplicaThread => ({
        step: async (share) => (await thread.ask({ name: 'step', share })) as ShareResult,
        predict: async (share) => (await thread.ask({ name: 'predict', share })) as PlainTensor,
        reduce: async (reduction) => {
          await thread.ask({ name: 'reduce', reduction });
        },
        close: async () => {
          if (!thread.hasEnded) await thread.ask({ name: 'close' });
        },
      }));
    },
    async dispose() {
      isDisposed = true;
      await Promise.all((running ?? []).map((thread) => thread.end()));
    },
  };
}

type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

interface TrainingThread {
  readonly hasEnded: boolean;
  ask(task: Unnumbered<TrainingTask>): Promise<TrainingAnswer['result']>;
  end(): Promise<unknown>;
}

function startThread(): TrainingThread {
  const worker = new Worker(createRequire(import.meta.url).resolve('#trainingWorker'));
  const waiting = new Map<
    number,
    { readonly resolve: (result: TrainingAnswer['result']) => void; readonly reject: (error: Error) => void }
  >();
  let latest = 0;
  let ended: Error | undefined;
  // Only threads with a task keep the process running.
  worker.unref();
  const fail = (reason: string, cause?: unknown): void => {
    ended ??= new BackendError(
      `fineTune: expected training threads that run, but one ended: ${reason}. The last checkpoint remains valid.`,
      {
        cause,
      },
    );
    for (const { reject } of waiting.values()) reject(ended);
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
    ask: (task) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        const id = latest++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ ...task, id });
      }),
    end: () => worker.terminate(),
  };
}
