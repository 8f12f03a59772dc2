// A callback that reports training progress to a listener such as `progressBar` of the Node entry.

import { callable, check, trackProgress } from '../core/internal.js';
import type { ProgressListener } from '../core/index.js';
import { TrainingCallback } from './callback.js';

/**
 * Creates a callback that reports the metrics, the speed and the remaining time after every step. Each epoch is a task of its own.
 *
 * @throws {OptionError} when the listener is not a function.
 * @example
 * await model.fitDataset(train, { epochs: 5, verbose: 0, callbacks: [trainingProgress(progressBar())] });
 */
export function trainingProgress(listener: ProgressListener): TrainingCallback {
  check('trainingProgress', 'listener', listener, callable);
  let report = trackProgress(undefined, '', 'steps');
  const made: TrainingCallback = new TrainingCallback({
    onEpochBegin: (epoch) => {
      const { epochs, steps } = made.run;
      report = trackProgress(listener, `epoch ${epoch + 1}${epochs === undefined ? '' : `/${epochs}`}`, 'steps', steps ?? undefined);
    },
    onBatchEnd: (batch, metrics) => {
      report(batch + 1, metrics);
    },
    onEpochEnd: () => {
      report.end();
    },
  });
  return made;
}
