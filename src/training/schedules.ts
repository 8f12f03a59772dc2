// Learning rates as pure functions of the step. What applies them: an optimizer's `learningRate`, or the callback learningRateSchedule.

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
import { OptionError } from '../core/index.js';

/**
 * The learning rate of a step. Pure: the same step always has the same rate.
 *
 * Steps count updates from 0. With `accumulationSteps` several batches make one update, while Keras counts batches.
 */
export type Schedule = (step: number) => number;

/** Options of {@link warmupCosine}. */
export interface WarmupCosineOptions {
  /** The highest learning rate, above 0. @defaultValue 0.02 */
  readonly maxLearningRate?: number | undefined;
  /** Steps over which the rate rises from 0 in a straight line. @defaultValue 1000 */
  readonly warmupSteps?: number | undefined;
  /** Steps of the whole run, warm-up included. */
  readonly totalSteps: number;
  /**
   * `'run'` takes the cosine of the step over the whole run, so the rate drops a little below the peak where warm-up ends;
   * `'afterWarmup'` takes it of the steps since, as Keras does.
   * @defaultValue 'run'
   */
  readonly cosineOver?: 'run' | 'afterWarmup' | undefined;
}

/**
 * Rises in a straight line to the peak, then falls to 0 along half a cosine.
 *
 * @throws {OptionError} when an option is impossible or warm-up is longer than the run.
 * @example
 * const schedule = warmupCosine({ totalSteps: 20_000 });
 * schedule(500); // 0.01, half-way up
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
  /** What the rate is multiplied by every `decaySteps`. @defaultValue 0.97 */
  readonly decayRate?: number | undefined;
  /** May be a fraction: EfficientNet's recipe is 2.4 epochs. */
  readonly decaySteps: number;
  /** Whether the rate stays constant between. @defaultValue true */
  readonly staircase?: boolean | undefined;
}

/**
 * Multiplies the rate by a constant every so many steps; with {@link withWarmup} the schedule EfficientNet was trained by.
 *
 * @throws {OptionError} when an option is unknown or impossible.
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
  /** The learning rates in turn, one more than boundaries. */
  readonly values: readonly number[];
  /** The last step of each rate but the last, ascending. */
  readonly boundaries: readonly number[];
}

/**
 * Holds each rate up to and including its boundary.
 *
 * @throws {OptionError} when boundaries do not ascend or do not fit the values.
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
      'steps that ascend',
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
  /** 1 is a straight line. @defaultValue 1 */
  readonly power?: number | undefined;
  readonly decaySteps: number;
}

/**
 * Falls from one rate to another along a power of the steps left, then stays.
 *
 * @throws {OptionError} when an option is unknown or impossible.
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
  readonly totalSteps: number;
  /** Share of the run in which the rate rises, in (0, 1). @defaultValue 0.3 */
  readonly riseShare?: number | undefined;
  /** The first rate is the peak divided by this. @defaultValue 25 */
  readonly startDivisor?: number | undefined;
  /** The last rate is the first divided by this. @defaultValue 10000 */
  readonly endDivisor?: number | undefined;
  /** @defaultValue 'cosine' */
  readonly shape?: 'cosine' | 'linear' | undefined;
}

/**
 * Rises to the peak and falls far below where it began, once.
 *
 * @throws {OptionError} when an option is unknown or impossible.
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
 * The same rate at every step.
 *
 * @throws {OptionError} when the rate is not positive.
 * @example
 * const schedule = withWarmup(constantRate(0.001), 100);
 */
export function constantRate(learningRate: number): Schedule {
  check('constantRate', 'learningRate', learningRate, positive);
  return ofStep('constantRate', () => learningRate);
}

/**
 * Rises in a straight line from 0 to the first rate of a schedule; from the last warm-up step on the schedule holds, at its own step.
 *
 * @throws {OptionError} when the steps are negative.
 * @example
 * const stepsPerEpoch = 1251;
 * const schedule = withWarmup(exponentialDecay({ initialLearningRate: 0.016, decaySteps: 240 }), 500);
 */
export function withWarmup(schedule: Schedule, warmupSteps: number): Schedule {
  check('withWarmup', 'schedule', schedule, ofSteps);
  check('withWarmup', 'warmupSteps', warmupSteps, nonNegativeInteger);
  const first = schedule(0);
  return ofStep('withWarmup', (step) => (step < warmupSteps ? (first * step) / warmupSteps : schedule(step)));
}

/**
 * Holds the rate through each epoch: that of the epoch's first step.
 *
 * @throws {OptionError} when the steps are not a positive integer.
 * @example
 * const schedule = perEpoch(warmupCosine({ totalSteps: 10_000 }), 100);
 */
export function perEpoch(schedule: Schedule, stepsPerEpoch: number): Schedule {
  check('perEpoch', 'schedule', schedule, ofSteps);
  check('perEpoch', 'stepsPerEpoch', stepsPerEpoch, positiveInteger);
  return ofStep('perEpoch', (step) => schedule(step - (step % stepsPerEpoch)));
}

const ofSteps = rule<Schedule>('a function of the step', (value) => typeof value === 'function');

function checkWarmup(where: string, warmupSteps: number, totalSteps: number): void {
  if (warmupSteps >= totalSteps) throw invalid(where, 'warmupSteps', `fewer steps than the run's ${totalSteps}`, warmupSteps);
}

function ofStep(where: string, rate: Schedule): Schedule {
  return (step) => {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new OptionError(`${where}: expected a step of at least 0, received ${String(step)}.`);
    return rate(step);
  };
}
