// The type of learning rate schedules, and the check of their argument.

import { OptionError } from '../core/index.js';

/**
 * Returns the learning rate of a step. The same step must always have the same rate.
 *
 * Steps count updates from 0. With `accumulationSteps`, an update covers several batches, whereas Keras counts batches.
 */
export type Schedule = (step: number) => number;

/** Creates a schedule that checks its argument. Errors name the function `where`. */
export function ofStep(where: string, rate: Schedule): Schedule {
  return (step) => {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new OptionError(`${where}: expected a step of at least 0, received ${String(step)}.`);
    return rate(step);
  };
}
