// A callback that reports progress; what draws it is elsewhere, such as progressBar of the Node entry.

import { callable, check, trackProgress } from '../core/internal.js';
import type { ProgressListener } from '../core/index.js';
import { TrainingCallback } from './callback.js';

/**
 * Reports every step with loss, metrics, rate and time left; one task per epoch.
 *
 * @throws {OptionError} when the listener is no function.
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
