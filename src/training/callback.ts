// Callbacks whose hooks receive plain numbers, for `model.fit`, `fitDataset`, `fineTune` and `trainHead`.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, callable, check, checkOptions, instanceOf, type Rules } from '../core/internal.js';
import type { NamedArrays } from '../weights/index.js';
import type { MetricValues } from './epochMetrics.js';
import { NamedOptimizer } from './NamedOptimizer.js';

/** The state of a callback that is saved in checkpoints, so that a resumed run continues like an uninterrupted one. */
export interface CallbackState {
  readonly values?: Readonly<Record<string, number>> | undefined;
  readonly arrays?: NamedArrays | undefined;
}

/** The hooks of a callback. Steps and epochs count from 0. */
export interface CallbackHooks {
  readonly onTrainBegin?: ((model: tfl.LayersModel) => void | Promise<void>) | undefined;
  readonly onEpochBegin?: ((epoch: number, model: tfl.LayersModel) => void | Promise<void>) | undefined;
  readonly onBatchBegin?: ((batch: number, model: tfl.LayersModel) => void | Promise<void>) | undefined;
  readonly onBatchEnd?: ((batch: number, metrics: MetricValues, model: tfl.LayersModel) => void | Promise<void>) | undefined;
  /** May return additional metrics, which are passed to later callbacks and added to the history. */
  readonly onEpochEnd?:
    | ((epoch: number, metrics: MetricValues, model: tfl.LayersModel) => MetricValues | undefined | Promise<MetricValues | undefined>)
    | ((epoch: number, metrics: MetricValues, model: tfl.LayersModel) => void | Promise<void>)
    | undefined;
  readonly onTrainEnd?: ((model: tfl.LayersModel) => void | Promise<void>) | undefined;
  /** Returns the state that `fineTune` saves in its checkpoints. */
  readonly save?: (() => CallbackState | Promise<CallbackState>) | undefined;
  /** Restores the state when `fineTune` resumes a run. */
  readonly load?: ((state: CallbackState, model: tfl.LayersModel) => void) | undefined;
}

/** The class of all callbacks of this library. Create one with {@link callback}. */
// A class, because TensorFlow.js callbacks are classes.
export class TrainingCallback extends tfl.Callback {
  readonly hooks: CallbackHooks;
  protected epoch = 0;

  constructor(hooks: CallbackHooks) {
    super();
    this.hooks = hooks;
  }

  /** Number of epochs, and of steps per epoch, where they are known. */
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
    // TensorFlow.js does not pass the epoch and the step to optimizers, whose errors name them.
    const optimizer = optimizerOf(this.model);
    if (optimizer !== undefined) optimizer.place = { where: 'fit', step: batch, epoch: this.epoch };
    await this.hooks.onBatchBegin?.(batch, this.model);
  }

  // Reading a metric waits for the device, so it is read only if a hook needs it.
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

/** Returns the optimizer of a compiled model if it is one of this library. A callback that is called directly has no model. */
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

/** @throws {OptionError} when the option `callbacks` is neither `undefined` nor an array of callbacks of this library. */
export function checkCallbacks(where: string, callbacks: unknown): void {
  if (callbacks === undefined) return;
  const list: readonly unknown[] = Array.isArray(callbacks) ? callbacks : [];
  const factory = list.find((each): each is () => unknown => typeof each === 'function' && each.name !== '');
  check(
    where,
    'callbacks',
    callbacks,
    arrayOf(instanceOf(TrainingCallback, 'a callback of this library, such as callback() returns')),
    factory === undefined ? '' : `Call it: \`${factory.name}(...)\`.`,
  );
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

/**
 * Creates a callback from hooks, which can be combined with the callbacks of this library. TensorFlow.js itself does not accept plain hooks
 * and callback objects in the same list.
 *
 * @throws {OptionError} when a hook is unknown or not a function.
 * @example
 * const report = callback({ onEpochEnd: (epoch, { loss }) => console.log(epoch, loss) });
 * await model.fitDataset(train, { epochs: 5, callbacks: [terminateOnNaN(), report] });
 */
export function callback(hooks: CallbackHooks): TrainingCallback {
  return new TrainingCallback(checkOptions('callback', hooks, RULES));
}
