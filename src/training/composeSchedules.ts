// Schedules that modify another schedule.

import { check, nonNegativeInteger, positiveInteger, rule } from '../core/internal.js';
import { ofStep, type Schedule } from './schedule.js';

const ofSteps = rule<Schedule>('a function of the step', (value) => typeof value === 'function');

/**
 * Adds a linear warm-up to a schedule. The rate increases from 0 to the first rate of the schedule. After `warmupSteps` steps the schedule
 * applies, as if it had counted from the beginning.
 *
 * @throws {OptionError} when the number of steps is not an integer of at least 0.
 * @example
 * const schedule = withWarmup(exponentialDecay({ initialLearningRate: 0.016, decaySteps: 240 }), 500);
 */
export function withWarmup(schedule: Schedule, warmupSteps: number): Schedule {
  check('withWarmup', 'schedule', schedule, ofSteps);
  check('withWarmup', 'warmupSteps', warmupSteps, nonNegativeInteger);
  const first = schedule(0);
  return ofStep('withWarmup', (step) => (step < warmupSteps ? (first * step) / warmupSteps : schedule(step)));
}

/**
 * Makes a schedule constant within each epoch. Every step has the rate of the epoch's first step.
 *
 * @throws {OptionError} when the number of steps is not a positive integer.
 * @example
 * const schedule = perEpoch(warmupCosine({ totalSteps: 10_000 }), 100);
 */
export function perEpoch(schedule: Schedule, stepsPerEpoch: number): Schedule {
  check('perEpoch', 'schedule', schedule, ofSteps);
  check('perEpoch', 'stepsPerEpoch', stepsPerEpoch, positiveInteger);
  return ofStep('perEpoch', (step) => schedule(step - (step % stepsPerEpoch)));
}
