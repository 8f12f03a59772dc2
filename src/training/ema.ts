// An exponential moving average of all weights, including the statistics of BatchNormalization. It is often the better model.

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
  /** Fraction of the average that is kept at every step, in [0, 1). @defaultValue 0.9999 */
  readonly decay?: number | undefined;
  /**
   * Whether to limit the decay to `(1 + n) / (10 + n)` at step n, so that the average follows the first steps faster.
   * @defaultValue true
   */
  readonly warmup?: boolean | undefined;
}

/** The callback of {@link ema}. */
export interface Ema extends TrainingCallback {
  /** Returns copies of the averages by weight name. */
  readonly weights: () => Promise<NamedArrays>;
  /** Runs `work` while the model has the averaged weights, for example to evaluate or save it, and restores its own weights afterwards. */
  readonly use: <T>(model: LayersModel, work: () => T | Promise<T>) => Promise<T>;
  /** Replaces the weights of the model with the averages. */
  readonly apply: (model: LayersModel) => Promise<void>;
  /** Frees the averages. */
  readonly dispose: () => void;
}

/**
 * Creates a callback that keeps an exponential moving average of every weight and updates it after each step. The caller must dispose it.
 *
 * @throws {OptionError} when an option is unknown or invalid. `weights`, `use` and `apply` throw it before training has begun.
 * @example
 * const average = ema({ decay: 0.999 });
 * await model.fitDataset(train, { epochs: 10, callbacks: [average] });
 * await average.apply(model);
 * average.dispose();
 * @see `tf.train.ExponentialMovingAverage`, with which EfficientNet's published weights were computed
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
      throw new OptionError(
        `${where}: expected averages of a run that has begun, received none. Pass \`ema()\` to fit or fineTune as a callback first.`,
      );
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
    save: async () => ({ values: { steps }, arrays: averages.size === 0 ? undefined : await weights() }),
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
