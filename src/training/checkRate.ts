// Checks learning rates when they are used, because a schedule of the user may return anything.

import { OptionError } from '../core/index.js';
import { show } from '../core/internal.js';
import { placeText, type TrainingPlace } from './trainingPlace.js';

/** Returns the learning rate. @throws {OptionError} naming the update and the step, when it is negative or not finite. */
export function checkRate(where: string, rate: number, update: number, place: TrainingPlace | undefined, weight?: string): number {
  if (Number.isFinite(rate) && rate >= 0) return rate;
  const at = place === undefined ? `update ${update}` : `${placeText(place)} (update ${update})`;
  throw new OptionError(
    `${place?.where ?? where}: expected a learning rate of at least 0${weight === undefined ? '' : ` for '${weight}'`} at ` +
      `${at}, received ${show(rate)}. Check the schedule${weight === undefined ? '' : ' and `rateOf`'}.`,
  );
}
