// Callbacks that stop training: when a metric stops improving, and when the loss is not finite.

import { boolean, checkOptions, nonNegativeInteger } from '../core/internal.js';
import { EffnetError } from '../core/index.js';
import { areFinite } from '../layers/internal.js';
import type { NamedArrays } from '../weights/index.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import { callback, type TrainingCallback } from './callback.js';
import { MONITOR_RULES, monitorOf, type MonitorOptions } from './monitor.js';
import { restoreWeights, snapshotWeights } from './weightsSnapshot.js';

/** Options of {@link earlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Number of epochs without improvement after which training stops. @defaultValue 5 */
  readonly patience?: number | undefined;
  /** Whether to restore the weights of the best epoch when training ends, for whatever reason. @defaultValue true */
  readonly restoreBestWeights?: boolean | undefined;
}

/**
 * Creates a callback that stops training when a metric has stopped improving, and restores the weights of the best epoch.
 *
 * @throws {OptionError} when an option is unknown or invalid. During training: when the metric is missing.
 * @example
 * await model.fitDataset(train, { epochs: 100, validationData, callbacks: [earlyStopping({ monitor: 'val_accuracy', patience: 3 })] });
 * @see `EarlyStopping` in keras/src/callbacks/early_stopping.py
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): TrainingCallback {
  checkOptions('earlyStopping', options, { ...MONITOR_RULES, patience: nonNegativeInteger, restoreBestWeights: boolean });
  const { patience = 5, restoreBestWeights = true } = options;
  const monitor = monitorOf('earlyStopping', options);
  let [best, wait] = [monitor.worst, 0];
  let weights: NamedArrays | undefined;
  return callback({
    onTrainBegin: () => {
      [best, wait, weights] = [monitor.worst, 0, undefined];
    },
    onEpochEnd: async (_epoch, metrics, model) => {
      const value = monitor.read(metrics);
      if (monitor.isBetter(value, best)) {
        [best, wait] = [value, 0];
        if (restoreBestWeights) weights = await snapshotWeights(model);
        return;
      }
      wait += 1;
      if (wait >= patience) model.stopTraining = true;
    },
    onTrainEnd: (model) => {
      if (weights !== undefined) restoreWeights('earlyStopping', model, weights);
    },
    save: () => ({ values: { best, wait }, arrays: weights }),
    load: ({ values, arrays }) => {
      ({ best = best, wait = wait } = values ?? {});
      weights = arrays;
    },
  });
}

/**
 * Creates a callback that stops training with an error as soon as the loss is not finite. The error names the epoch and the step.
 *
 * With an optimizer of this library, the model keeps the weights of the previous step.
 *
 * @throws {EffnetError} during training. The last checkpoint remains unchanged.
 * @example
 * await model.fitDataset(train, { epochs: 10, callbacks: [terminateOnNaN()] });
 */
export function terminateOnNaN(): TrainingCallback {
  let epoch = 0;
  return callback({
    onEpochBegin: (current) => {
      epoch = current;
    },
    onBatchEnd: async (batch, { loss = NaN }, model) => {
      if (model.optimizer instanceof NamedOptimizer) await model.optimizer.settle();
      // Stock optimizers do not check what they assign, and relu6 can hide NaN from the loss.
      else if (Number.isFinite(loss) && !(await areFinite(model.weights.map((weight) => weight.read())))) {
        throw new EffnetError(
          `terminateOnNaN: expected finite weights, received NaN or Infinity at step ${batch} of epoch ${epoch}. ` +
            `Lower the learning rate, clip gradients, or look at that batch.`,
        );
      }
      if (Number.isFinite(loss)) return;
      throw new EffnetError(
        `terminateOnNaN: expected a finite loss, received ${loss} at step ${batch} of epoch ${epoch}. ` +
          `Lower the learning rate, clip gradients, or look at that batch.`,
      );
    },
  });
}
