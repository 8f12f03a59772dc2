// A moving average of all weights, statistics of BatchNormalization included: often the better model.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { boolean, callable, check, checkOptions, rate } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { namedWeights, weightArray, type NamedArrays } from '../weights/index.js';
import { checkModel } from '../models/internal.js';
import { TrainingCallback } from './callback.js';
import { restoreWeights, snapshotWeights } from './weightsSnapshot.js';

/** Options of {@link ema}. */
export interface EmaOptions {
  /** Share of the average kept a step, in [0, 1). @defaultValue 0.9999 */
  readonly decay?: number | undefined;
  /** Keeps less at first: (1 + n) / (10 + n) after n steps, if that is smaller. @defaultValue true */
  readonly warmup?: boolean | undefined;
}

/** The callback of {@link ema}. */
export interface Ema extends TrainingCallback {
  /** The averages so far, by weight. */
  readonly weights: () => Promise<NamedArrays>;
  /** Gives the model the averages while `work` runs, to evaluate or save it, and its own weights back afterwards. */
  readonly use: <T>(model: LayersModel, work: () => T | Promise<T>) => Promise<T>;
  /** Gives the model the averages for good. */
  readonly apply: (model: LayersModel) => Promise<void>;
  /** Frees the averages. */
  readonly dispose: () => void;
}

/**
 * Keeps a moving average of every weight, updated after each step; the caller disposes it.
 *
 * @throws {OptionError} when an option is unknown or impossible; by `use` and `apply`, before the first step.
 * @example
 * const average = ema({ decay: 0.999 });
 * await model.fitDataset(train, { epochs: 10, callbacks: [average] });
 * await average.apply(model);
 * average.dispose();
 * @see `tf.train.ExponentialMovingAverage`, by which EfficientNet's weights were made
 */
export function ema(options: EmaOptions = {}): Ema {
  const { decay = 0.9999, warmup = true } = checkOptions('ema', options, { decay: rate, warmup: boolean });
  const averages = new Map<string, tf.Variable>();
  let steps = 0;

  const begin = (model: LayersModel): void => {
    if (averages.size > 0) return;
    for (const [name, weight] of namedWeights(model)) averages.set(name, tf.variable(weight.read(), false));
  };
  const weights = async (where = 'ema.weights'): Promise<NamedArrays> => {
    if (averages.size === 0)
      throw new OptionError(`${where}: expected a run that has begun, received none. Give it to fit or fineTune as a callback first.`);
    return new Map(
      await Promise.all(
        [...averages].map(async ([name, average]) => [name, weightArray(average.shape, new Float32Array(await average.data()))] as const),
      ),
    );
  };
  const apply = async (model: LayersModel): Promise<void> => {
    checkModel('ema.apply', model);
    restoreWeights('ema.apply', model, await weights('ema.apply'));
  };
  const dispose = (): void => {
    tf.dispose([...averages.values()]);
    averages.clear();
    steps = 0;
  };

  const hooks = new TrainingCallback({
    onTrainBegin: begin,
    onBatchEnd: (_batch, _metrics, model) => {
      steps += 1;
      const kept = warmup ? Math.min(decay, (1 + steps) / (10 + steps)) : decay;
      tf.tidy(() => {
        for (const [name, weight] of namedWeights(model)) {
          const average = averages.get(name);
          average?.assign(tf.add(average, tf.mul(tf.sub(weight.read(), average), 1 - kept)));
        }
      });
    },
    save: async () => ({ values: { steps }, ...(averages.size === 0 ? {} : { arrays: await weights() }) }),
    load: ({ values, arrays }) => {
      dispose();
      steps = values?.['steps'] ?? 0;
      for (const [name, array] of arrays ?? [])
        averages.set(
          name,
          tf.tidy(() => tf.variable(tf.tensor(array.values(), [...array.shape]), false)),
        );
    },
  });
  return Object.assign(hooks, {
    weights: () => weights(),
    apply,
    dispose,
    use: async <T>(model: LayersModel, work: () => T | Promise<T>): Promise<T> => {
      const where = 'ema.use';
      checkModel(where, model);
      check(where, 'work', work, callable);
      const own = await snapshotWeights(model);
      restoreWeights(where, model, await weights(where));
      try {
        return await work();
      } finally {
        restoreWeights(where, model, own);
      }
    },
  });
}
