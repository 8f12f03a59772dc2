// Reading and setting the learning rate of an optimizer, and callbacks that change it.

import type * as tf from '@tensorflow/tfjs-core';
import { callable, check, checkOptions, fraction, nonNegative, nonNegativeInteger, positiveInteger, rule } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { callback, type TrainingCallback } from './callback.js';
import { checkOptimizer } from './checkOptimizer.js';
import { checkRate } from './checkRate.js';
import { MONITOR_RULES, monitorOf, type MonitorOptions } from './monitor.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import type { Schedule } from './schedule.js';

/** Returns the learning rate of the next step. @throws {OptionError} when the optimizer has none. */
export function learningRateOf(optimizer: tf.Optimizer): number {
  checkOptimizer('learningRateOf', optimizer);
  if (optimizer instanceof NamedOptimizer) return optimizer.currentRate;
  const { learningRate } = optimizer as unknown as { learningRate?: number | undefined };
  if (typeof learningRate !== 'number')
    throw new OptionError(`learningRateOf: expected an optimizer with a learning rate, received ${optimizer.getClassName()}.`);
  return learningRate;
}

/**
 * Sets the learning rate of an optimizer of this library or of TensorFlow.js.
 *
 * @throws {OptionError} when the rate is negative or not finite, or the optimizer has none.
 */
export function setLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  checkOptimizer('setLearningRate', optimizer);
  check('setLearningRate', 'learningRate', learningRate, nonNegative);
  const settable = optimizer as unknown as { learningRate?: unknown; setLearningRate?: ((rate: number) => void) | undefined };
  if (settable.learningRate === undefined)
    throw new OptionError(`setLearningRate: expected an optimizer with a learning rate, received ${optimizer.getClassName()}.`);
  if (settable.setLearningRate !== undefined) settable.setLearningRate(learningRate);
  else settable.learningRate = learningRate;
}

/** A log entry of {@link learningRateSchedule}. */
export interface StepLog {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
}

/** Options of {@link learningRateSchedule}. */
export interface LearningRateScheduleOptions {
  /** Step at which training begins, for a run that continues another one. @defaultValue 0 */
  readonly initialStep?: number | undefined;
  /** Receives a log entry every `logEverySteps` steps. @defaultValue prints it to the console */
  readonly onLog?: ((log: StepLog) => void) | undefined;
  /** Number of steps between log entries; 0 disables them. @defaultValue 100 */
  readonly logEverySteps?: number | undefined;
}

/**
 * Creates a callback that sets the learning rate before every step, and logs step, loss and learning rate every 100 steps.
 *
 * It works with any optimizer. Optimizers of this library also accept a schedule as `learningRate`. This callback counts batches, as Keras
 * does, whereas a schedule of an optimizer with `accumulationSteps` counts updates.
 *
 * @throws {OptionError} when an option is unknown or invalid. During training: when the schedule returns a rate that is negative or not
 *   finite.
 * @example
 * await model.fitDataset(train, { epochs: 10, callbacks: [learningRateSchedule(warmupCosine({ totalSteps: 5000, warmupSteps: 500 }))] });
 */
export function learningRateSchedule(schedule: Schedule, options: LearningRateScheduleOptions = {}): TrainingCallback {
  check(
    'learningRateSchedule',
    'schedule',
    schedule,
    rule<Schedule>('a schedule, a function of the step', (value) => typeof value === 'function'),
  );
  const {
    initialStep = 0,
    onLog = print,
    logEverySteps = 100,
  } = checkOptions('learningRateSchedule', options, {
    initialStep: nonNegativeInteger,
    onLog: callable,
    logEverySteps: nonNegativeInteger,
  });
  let step = initialStep;
  let epoch = 0;
  return callback({
    onEpochBegin: (current) => {
      epoch = current;
    },
    onTrainBegin: () => {
      step = initialStep;
    },
    onBatchBegin: (batch, model) => {
      setLearningRate(
        model.optimizer,
        checkRate('learningRateSchedule', schedule(step), step, { where: 'learningRateSchedule', step: batch, epoch }),
      );
    },
    onBatchEnd: (_batch, { loss = NaN }) => {
      if (logEverySteps > 0 && step % logEverySteps === 0) onLog({ step, loss, learningRate: schedule(step) });
      step += 1;
    },
    onEpochEnd: () => ({ learningRate: schedule(Math.max(0, step - 1)) }),
    save: () => ({ values: { step } }),
    load: ({ values }) => {
      step = values?.['step'] ?? step;
    },
  });
}

function print({ step, loss, learningRate }: StepLog): void {
  console.log(`step ${step}: loss ${loss.toPrecision(5)}, learning rate ${learningRate.toPrecision(4)}`);
}

/** Options of {@link reduceOnPlateau}. */
export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** Factor by which the learning rate is multiplied, in (0, 1). @defaultValue 0.1 */
  readonly factor?: number | undefined;
  /** Number of epochs without improvement after which the rate is lowered. @defaultValue 10 */
  readonly patience?: number | undefined;
  /** Number of epochs to wait after lowering the rate before counting again. @defaultValue 0 */
  readonly cooldown?: number | undefined;
  /** Lower bound of the learning rate. @defaultValue 0 */
  readonly minLearningRate?: number | undefined;
}

/**
 * Creates a callback that lowers the learning rate when a metric has stopped improving. `minDelta` defaults to 0.0001.
 *
 * @throws {OptionError} when an option is unknown or invalid. During training: when the metric is missing, or the learning rate is a
 *   schedule.
 * @example
 * await model.fitDataset(train, { epochs: 50, validationData, callbacks: [reduceOnPlateau({ factor: 0.5, patience: 3 })] });
 * @see `ReduceLROnPlateau` in keras/src/callbacks/reduce_lr_on_plateau.py
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): TrainingCallback {
  const where = 'reduceOnPlateau';
  checkOptions(where, options, {
    ...MONITOR_RULES,
    factor: fraction,
    patience: positiveInteger,
    cooldown: nonNegativeInteger,
    minLearningRate: nonNegative,
  });
  const { factor = 0.1, patience = 10, cooldown = 0, minLearningRate = 0 } = options;
  const monitor = monitorOf(where, { ...options, minDelta: options.minDelta ?? 1e-4 });
  let [best, wait, resting] = [monitor.worst, 0, 0];
  return callback({
    onTrainBegin: () => {
      [best, wait, resting] = [monitor.worst, 0, 0];
    },
    onEpochEnd: (_epoch, metrics, { optimizer }) => {
      const value = monitor.read(metrics);
      if (resting > 0) [resting, wait] = [resting - 1, 0];
      if (monitor.isBetter(value, best)) [best, wait] = [value, 0];
      else if (resting === 0 && ++wait >= patience) {
        if (optimizer instanceof NamedOptimizer && typeof optimizer.learningRate === 'function') {
          throw new OptionError(
            `${where}: expected an optimizer with a constant learning rate, received one with a schedule, which would overwrite the lowered rate.`,
          );
        }
        setLearningRate(optimizer, Math.max(minLearningRate, learningRateOf(optimizer) * factor));
        [resting, wait] = [cooldown, 0];
      }
      return { learningRate: learningRateOf(optimizer) };
    },
    save: () => ({ values: { best, wait, resting } }),
    load: ({ values }) => {
      ({ best = best, wait = wait, resting = resting } = values ?? {});
    },
  });
}
