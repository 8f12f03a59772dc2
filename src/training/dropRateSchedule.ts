// A callback that changes the rates of stochastic depth and dropout from epoch to epoch.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { callable, check, checkOptions, invalid, oneOf } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { SeededDropout } from '../layers/internal.js';
import { layersOf } from '../models/internal.js';
import { callback, type TrainingCallback } from './callback.js';

/** Options of {@link dropRateSchedule}. */
export interface DropRateScheduleOptions {
  /** The layers whose rates change. @defaultValue 'stochasticDepth' */
  readonly layers?: 'stochasticDepth' | 'dropout' | 'all' | undefined;
}

/**
 * Creates a callback that multiplies the drop rates of a model by a factor of the epoch. For stochastic depth, rates still increase
 * linearly with depth.
 *
 * The original rates apply again when training ends. A model is always saved with its original rates.
 *
 * @param factor - Returns the factor for an epoch, which counts from 0. Every multiplied rate must be below 1.
 * @throws {OptionError} when an option is unknown. When training begins: when the model has no such layer. When an epoch begins: when the
 *   factor is negative, not a number, or makes a rate 1 or more.
 * @example
 * // No stochastic depth in the first epoch, the full rates from epoch 10 on.
 * callbacks: [dropRateSchedule((epoch) => Math.min(1, epoch / 10))]
 * @see EfficientNetV2 (arXiv 2104.00298), section 4, progressive learning; Curriculum Dropout (arXiv 1703.06229)
 */
export function dropRateSchedule(factor: (epoch: number) => number, options: DropRateScheduleOptions = {}): TrainingCallback {
  const where = 'dropRateSchedule';
  check(where, 'factor', factor, callable);
  const { layers = 'stochasticDepth' } = checkOptions(where, options, { layers: oneOf('stochasticDepth', 'dropout', 'all') });
  const chosen = (model: LayersModel): SeededDropout[] =>
    layersOf(model)
      .filter((layer) => layer instanceof SeededDropout)
      .filter((layer) => layers === 'all' || layer.isStochasticDepth === (layers === 'stochasticDepth'));
  return callback({
    onTrainBegin: (model) => {
      if (chosen(model).length > 0) return;
      throw new OptionError(
        `${where}: expected a model with layers of ${layers === 'stochasticDepth' ? 'stochastic depth' : 'dropout'}, ` +
          `received '${model.name}' without any. Build the model with a rate above 0.`,
      );
    },
    onEpochBegin: (epoch, model) => {
      const scale = factor(epoch);
      const highest = Math.max(...chosen(model).map(({ rate }) => rate));
      if (!(scale >= 0 && highest * scale < 1))
        throw invalid(where, 'factor', `a number of at least 0 that keeps every rate below 1 (the highest is ${highest})`, scale);
      for (const layer of chosen(model)) layer.rateScale = scale;
    },
    onTrainEnd: (model) => {
      for (const layer of chosen(model)) layer.rateScale = 1;
    },
  });
}
