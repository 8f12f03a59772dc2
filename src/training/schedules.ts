// Learning rate schedules. Pass them to an optimizer as `learningRate`, or to the callback learningRateSchedule.

import {
  arrayOf,
  boolean,
  check,
  checkNumbers,
  checkOptions,
  fraction,
  invalid,
  nonNegative,
  nonNegativeInteger,
  oneOf,
  positive,
  positiveInteger,
  rule,
} from '../core/internal.js';
import { ofStep, type Schedule } from './schedule.js';

/** Options of {@link warmupCosine}. */
export interface WarmupCosineOptions {
  /** The highest learning rate, above 0. @defaultValue 0.02 */
  readonly maxLearningRate?: number | undefined;
  /** Number of steps over which the rate increases linearly from 0. @defaultValue 1000 */
  readonly warmupSteps?: number | undefined;
  /** Number of steps of the whole run, including warm-up. */
  readonly totalSteps: number;
  /**
   * With `'run'`, the cosine covers the whole run, so the rate is a little below the maximum when warm-up ends. With `'afterWarmup'`, it
   * covers the steps after warm-up, as in Keras.
   * @defaultValue 'run'
   */
  readonly cosineOver?: 'run' | 'afterWarmup' | undefined;
}

/**
 * Creates a schedule that increases linearly to the maximum, then decreases to 0 along half a cosine.
 *
 * @throws {OptionError} when an option is unknown or invalid, or warm-up is not shorter than the run.
 * @example
 * const schedule = warmupCosine({ totalSteps: 20_000 });
 * schedule(500); // 0.01, halfway through warm-up
 * @see SGDR (arXiv 1608.03983); `CosineDecay` in keras/src/optimizers/schedules/learning_rate_schedule.py
 */
export function warmupCosine(options: WarmupCosineOptions): Schedule {
  const where = 'warmupCosine';
  checkOptions(where, options, {
    maxLearningRate: positive,
    warmupSteps: nonNegativeInteger,
    totalSteps: positiveInteger,
    cosineOver: oneOf('run', 'afterWarmup'),
  });
  const { maxLearningRate: peak = 0.02, warmupSteps = 1000, totalSteps, cosineOver = 'run' } = options;
  check(where, 'totalSteps', totalSteps, positiveInteger);
  if (options.warmupSteps === undefined && totalSteps <= warmupSteps)
    throw invalid(
      where,
      'totalSteps',
      `more steps than the ${warmupSteps} of the warm-up`,
      totalSteps,
      'Set `warmupSteps` for a shorter run.',
    );
  checkWarmup(where, warmupSteps, totalSteps);
  const start = cosineOver === 'run' ? 0 : warmupSteps;
  return ofStep(where, (step) =>
    step < warmupSteps
      ? (peak * step) / warmupSteps
      : (peak / 2) * (1 + Math.cos((Math.PI * Math.min(step - start, totalSteps - start)) / (totalSteps - start))),
  );
}

/** Options of {@link exponentialDecay}. */
export interface ExponentialDecayOptions {
  /** The learning rate at step 0, above 0. */
  readonly initialLearningRate: number;
  /** Factor by which the rate is multiplied every `decaySteps` steps. @defaultValue 0.97 */
  readonly decayRate?: number | undefined;
  /** Number of steps per decay. It need not be an integer: EfficientNet was trained with 2.4 epochs. */
  readonly decaySteps: number;
  /** Whether the rate decreases in steps instead of continuously. @defaultValue true */
  readonly staircase?: boolean | undefined;
}

/**
 * Creates a schedule that multiplies the rate by a constant factor every `decaySteps` steps. EfficientNet was trained with it and
 * {@link withWarmup}.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const stepsPerEpoch = 1251;
 * const schedule = withWarmup(exponentialDecay({ initialLearningRate: 0.016, decaySteps: 2.4 * stepsPerEpoch }), 5 * stepsPerEpoch);
 * @see `build_learning_rate` in tensorflow/tpu, models/official/efficientnet/utils.py
 */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const where = 'exponentialDecay';
  checkOptions(where, options, { initialLearningRate: positive, decayRate: positive, decaySteps: positive, staircase: boolean });
  const { initialLearningRate: initial, decayRate = 0.97, decaySteps, staircase = true } = options;
  checkNumbers(where, { initialLearningRate: initial, decaySteps }, positive);
  return ofStep(where, (step) => initial * decayRate ** (staircase ? Math.floor(step / decaySteps) : step / decaySteps));
}

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** The learning rates in order, one more than there are boundaries. */
  readonly values: readonly number[];
  /** The last step of every rate except the last rate, in ascending order. */
  readonly boundaries: readonly number[];
}

/**
 * Creates a schedule with constant rates, each used up to and including its boundary.
 *
 * @throws {OptionError} when boundaries do not ascend, or there is not exactly one more rate than boundaries.
 * @example
 * const schedule = stepDecay({ values: [0.1, 0.01, 0.001], boundaries: [1000, 2000] });
 * @see `PiecewiseConstantDecay` in keras/src/optimizers/schedules/learning_rate_schedule.py
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  const where = 'stepDecay';
  checkOptions(where, options, { values: arrayOf(nonNegative), boundaries: arrayOf(nonNegativeInteger) });
  const { values, boundaries } = options;
  check(where, 'values', values, arrayOf(nonNegative));
  check(
    where,
    'boundaries',
    boundaries,
    rule<readonly number[]>(
      'steps in ascending order',
      (value) => Array.isArray(value) && value.every((step, i) => i === 0 || step > value[i - 1]),
    ),
  );
  if (values.length !== boundaries.length + 1)
    throw invalid(where, 'values', `${boundaries.length + 1} rates, one more than boundaries`, values);
  return ofStep(where, (step) => {
    const passed = boundaries.findIndex((boundary) => step <= boundary);
    return values[passed === -1 ? boundaries.length : passed] as number;
  });
}

/** Options of {@link polynomialDecay}. */
export interface PolynomialDecayOptions {
  /** The learning rate at step 0, above 0. */
  readonly initialLearningRate: number;
  /** The learning rate after `decaySteps`. @defaultValue 0.0001 */
  readonly endLearningRate?: number | undefined;
  /** Exponent of the decay; 1 is linear. @defaultValue 1 */
  readonly power?: number | undefined;
  /** Number of steps until the end rate. */
  readonly decaySteps: number;
}

/**
 * Creates a schedule that decreases from one rate to another along a power of the remaining steps, then stays constant.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const schedule = polynomialDecay({ initialLearningRate: 0.1, endLearningRate: 0, decaySteps: 10_000 });
 * @see `PolynomialDecay` in keras/src/optimizers/schedules/learning_rate_schedule.py
 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const where = 'polynomialDecay';
  checkOptions(where, options, {
    initialLearningRate: positive,
    endLearningRate: nonNegative,
    power: positive,
    decaySteps: positiveInteger,
  });
  const { initialLearningRate: initial, endLearningRate: end = 0.0001, power = 1, decaySteps } = options;
  checkNumbers(where, { initialLearningRate: initial, decaySteps }, positive);
  return ofStep(where, (step) => (initial - end) * (1 - Math.min(step, decaySteps) / decaySteps) ** power + end);
}

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The highest learning rate, above 0. */
  readonly maxLearningRate: number;
  /** Number of steps of the whole run. */
  readonly totalSteps: number;
  /** Fraction of the run in which the rate increases, in (0, 1). @defaultValue 0.3 */
  readonly riseShare?: number | undefined;
  /** The first rate is the maximum divided by this. @defaultValue 25 */
  readonly startDivisor?: number | undefined;
  /** The last rate is the first rate divided by this. @defaultValue 10000 */
  readonly endDivisor?: number | undefined;
  /** Shape of the increase and the decrease. @defaultValue 'cosine' */
  readonly shape?: 'cosine' | 'linear' | undefined;
}

/**
 * Creates a one-cycle schedule: the rate increases to the maximum, then decreases far below the first rate.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const schedule = oneCycle({ maxLearningRate: 0.01, totalSteps: 2000 });
 * @see Super-Convergence (arXiv 1708.07120); `OneCycleLR` in torch/optim/lr_scheduler.py
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const where = 'oneCycle';
  checkOptions(where, options, {
    maxLearningRate: positive,
    totalSteps: positiveInteger,
    riseShare: fraction,
    startDivisor: positive,
    endDivisor: positive,
    shape: oneOf('cosine', 'linear'),
  });
  const { maxLearningRate: peak, totalSteps, riseShare = 0.3, startDivisor = 25, endDivisor = 10_000, shape = 'cosine' } = options;
  checkNumbers(where, { maxLearningRate: peak, totalSteps }, positive);
  const first = peak / startDivisor;
  const top = riseShare * totalSteps - 1;
  const last = totalSteps - 1;
  if (top <= 0) throw invalid(where, 'totalSteps', `more than ${1 / riseShare} steps for a rise of ${riseShare}`, totalSteps);
  const between = (from: number, to: number, share: number): number =>
    shape === 'linear' ? from + (to - from) * share : to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  return ofStep(where, (step) =>
    step <= top ? between(first, peak, step / top) : between(peak, first / endDivisor, (Math.min(step, last) - top) / (last - top)),
  );
}

/**
 * Creates a schedule with the same rate at every step.
 *
 * @throws {OptionError} when the rate is not positive.
 * @example
 * const schedule = withWarmup(constantRate(0.001), 100);
 */
export function constantRate(learningRate: number): Schedule {
  check('constantRate', 'learningRate', learningRate, positive);
  return ofStep('constantRate', () => learningRate);
}

function checkWarmup(where: string, warmupSteps: number, totalSteps: number): void {
  if (warmupSteps >= totalSteps) throw invalid(where, 'warmupSteps', `fewer steps than the ${totalSteps} of the run`, warmupSteps);
}
