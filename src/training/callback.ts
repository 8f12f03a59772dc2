// Callbacks as hooks over plain numbers, for model.fit, fitDataset and fineTune alike.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, callable, checkOptions, resultRule, type Rules } from '../core/internal.js';
import type { NamedArrays } from '../weights/index.js';
import type { MetricValues } from './epochMetrics.js';
import { NamedOptimizer } from './NamedOptimizer.js';

/** What a callback keeps from one process to the next, so that a resumed run goes on as it would have. */
export interface CallbackState {
  readonly values?: Readonly<Record<string, number>> | undefined;
  readonly arrays?: NamedArrays | undefined;
}

/** What a callback does and when; steps and epochs count from 0. */
export interface CallbackHooks {
  readonly onTrainBegin?: ((model: tfl.LayersModel) => void | Promise<void>) | undefined;
  readonly onEpochBegin?: ((epoch: number, model: tfl.LayersModel) => void | Promise<void>) | undefined;
  readonly onBatchBegin?: ((batch: number, model: tfl.LayersModel) => void | Promise<void>) | undefined;
  readonly onBatchEnd?: ((batch: number, metrics: MetricValues, model: tfl.LayersModel) => void | Promise<void>) | undefined;
  /** May return metrics of its own, which later callbacks and the history see. */
  readonly onEpochEnd?:
    | ((epoch: number, metrics: MetricValues, model: tfl.LayersModel) => MetricValues | undefined | Promise<MetricValues | undefined>)
    | ((epoch: number, metrics: MetricValues, model: tfl.LayersModel) => void | Promise<void>)
    | undefined;
  readonly onTrainEnd?: ((model: tfl.LayersModel) => void | Promise<void>) | undefined;
  /** For `fineTune`'s checkpoints. */
  readonly save?: (() => CallbackState | Promise<CallbackState>) | undefined;
  readonly load?: ((state: CallbackState, model: tfl.LayersModel) => void) | undefined;
}

/** The object behind every callback of this library; a class because TensorFlow.js' are. */
export class TrainingCallback extends tfl.Callback {
  readonly hooks: CallbackHooks;
  protected epoch = 0;

  constructor(hooks: CallbackHooks) {
    super();
    this.hooks = hooks;
  }

  /** Epochs and steps an epoch, where the run knows them. */
  get run(): { readonly epochs?: number | undefined; readonly steps?: number | null | undefined } {
    return (
      (this as unknown as { readonly params?: { epochs?: number | undefined; steps?: number | null | undefined } | undefined }).params ?? {}
    );
  }

  override async onTrainBegin(): Promise<void> {
    await this.hooks.onTrainBegin?.(this.model);
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.epoch = epoch;
    await this.hooks.onEpochBegin?.(epoch, this.model);
  }

  override async onBatchBegin(batch: number): Promise<void> {
    // An optimizer is told neither epoch nor step by TensorFlow.js, and names both where a step fails.
    const optimizer = optimizerOf(this.model);
    if (optimizer !== undefined) optimizer.place = { where: 'fit', step: batch, epoch: this.epoch };
    await this.hooks.onBatchBegin?.(batch, this.model);
  }

  // Reading a metric waits for the device, so only what is asked for is read.
  override async onBatchEnd(batch: number, logs?: Record<string, number | tf.Scalar>): Promise<void> {
    if (this.hooks.onBatchEnd !== undefined) await this.hooks.onBatchEnd(batch, await valuesOf(logs), this.model);
  }

  override async onEpochEnd(epoch: number, logs?: Record<string, number | tf.Scalar>): Promise<void> {
    await optimizerOf(this.model)?.settle();
    if (this.hooks.onEpochEnd === undefined) return;
    const added = await this.hooks.onEpochEnd(epoch, await valuesOf(logs), this.model);
    if (logs !== undefined && typeof added === 'object') Object.assign(logs, added);
  }

  override async onTrainEnd(): Promise<void> {
    const optimizer = optimizerOf(this.model);
    await optimizer?.settle();
    if (optimizer !== undefined) optimizer.place = undefined;
    await this.hooks.onTrainEnd?.(this.model);
  }
}

/** The optimizer the model is compiled with, where it is one of this library; a callback that is called by hand has no model. */
function optimizerOf(model: { readonly optimizer: tf.Optimizer | undefined } | null): NamedOptimizer | undefined {
  const optimizer = model?.optimizer;
  return optimizer instanceof NamedOptimizer ? optimizer : undefined;
}

async function valuesOf(logs: Record<string, number | tf.Scalar> = {}): Promise<MetricValues> {
  const entries = await Promise.all(
    Object.entries(logs)
      .filter(([name]) => name !== 'batch' && name !== 'size')
      .map(async ([name, value]) => [name, typeof value === 'number' ? value : ((await value.data())[0] ?? NaN)] as const),
  );
  return Object.fromEntries(entries);
}

const RULES: Rules<CallbackHooks> = {
  onTrainBegin: callable,
  onEpochBegin: callable,
  onBatchBegin: callable,
  onBatchEnd: callable,
  onEpochEnd: callable,
  onTrainEnd: callable,
  save: callable,
  load: callable,
};

export const callbackList = arrayOf(
  resultRule<TrainingCallback>('a callback of this library, such as callback() returns', (value) => value instanceof TrainingCallback),
);

/**
 * Makes a callback of your own that can stand beside this library's; TensorFlow.js does not take plain hooks and callback objects in one
 * list.
 *
 * @throws {OptionError} when a hook is unknown.
 * @example
 * const report = callback({ onEpochEnd: (epoch, { loss }) => console.log(epoch, loss) });
 * await model.fitDataset(train, { epochs: 5, callbacks: [terminateOnNaN(), report] });
 */
export function callback(hooks: CallbackHooks): TrainingCallback {
  return new TrainingCallback(checkOptions('callback', hooks, RULES));
}
