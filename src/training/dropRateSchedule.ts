// Regularization that grows while a network learns: the rates of stochastic depth and dropout as functions of the epoch.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { callable, check, checkOptions, invalid, oneOf } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { SeededDropout } from '../layers/internal.js';
import { layersOf } from '../models/internal.js';
import { callback, type TrainingCallback } from './callback.js';

/** Options of {@link dropRateSchedule}. */
export interface DropRateScheduleOptions {
  /** @defaultValue 'stochasticDepth' */
  readonly layers?: 'stochasticDepth' | 'dropout' | 'all' | undefined;
}

/**
 * Multiplies the drop rates of a model by a factor that depends on the epoch; each block keeps its place in the linear rise over depth.
 *
 * Rates are back at their own when training ends, so nothing of it is saved with the model.
 *
 * @param factor - For an epoch, from 0, what every rate is multiplied with; no rate may reach 1.
 * @throws {OptionError} when an option is unknown; as training begins, when the model has no such layer; at an epoch, when a factor is
 * negative, no number, or makes a rate 1 or more.
 * @example
 * // None in the first epoch, all from the tenth on.
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
          `received '${model.name}' without. Build it with a rate above 0.`,
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
