// Properties of schedules: their bounds, where they increase and decrease, and where they are continuous.

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import {
  constantRate,
  exponentialDecay,
  oneCycle,
  perEpoch,
  polynomialDecay,
  stepDecay,
  warmupCosine,
  withWarmup,
  type Schedule,
} from '../../src/training/index.js';

const rate = fc.double({ min: 1e-6, max: 10, noNaN: true });
const total = fc.integer({ min: 20, max: 400 });
const ratesOf = (schedule: Schedule, steps: number): number[] => Array.from({ length: steps }, (_, step) => schedule(step));
const rises = (rates: readonly number[]): boolean => rates.every((value, i) => i === 0 || value >= (rates[i - 1] as number) * (1 - 1e-12));
const falls = (rates: readonly number[]): boolean =>
  rates.every((value, i) => i === 0 || value <= (rates[i - 1] as number) * (1 + 1e-12) + 1e-15);
const largestStep = (rates: readonly number[]): number =>
  Math.max(0, ...rates.slice(1).map((value, i) => Math.abs(value - (rates[i] as number))));

const cosine = total.chain((totalSteps) =>
  fc.record({
    totalSteps: fc.constant(totalSteps),
    warmupSteps: fc.integer({ min: 0, max: totalSteps - 1 }),
    maxLearningRate: rate,
    cosineOver: fc.constantFrom('run', 'afterWarmup'),
  } as const),
);

test.prop([cosine])(
  'warmupCosine increases, then decreases to 0 and stays there, within [0, maxLearningRate], with no jump except the documented one',
  (options) => {
    const { maxLearningRate, totalSteps, warmupSteps, cosineOver } = options;
    const rates = ratesOf(warmupCosine(options), totalSteps + 10);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...rates)).toBeLessThanOrEqual(maxLearningRate * (1 + 1e-12));
    expect(rises(rates.slice(0, warmupSteps))).toBe(true);
    expect(falls(rates.slice(warmupSteps))).toBe(true);
    for (const late of rates.slice(totalSteps)) expect(late).toBeCloseTo(0, 12);
    // Half a cosine over n steps decreases by at most pi / 2n of its height per step.
    const length = cosineOver === 'run' ? totalSteps : totalSteps - warmupSteps;
    expect(largestStep(rates.slice(warmupSteps))).toBeLessThanOrEqual(((maxLearningRate * Math.PI) / 2 / length) * (1 + 1e-9));
    if (cosineOver === 'afterWarmup') expect(rates[warmupSteps]).toBeCloseTo(maxLearningRate, 12);
  },
);

test.prop([rate, fc.double({ min: 0.5, max: 1, noNaN: true }), fc.double({ min: 0.5, max: 60, noNaN: true })])(
  'exponentialDecay decreases from its first rate, and its staircase is above the smooth curve by at most one stair',
  (initial, decayRate, decaySteps) => {
    const smooth = ratesOf(exponentialDecay({ initialLearningRate: initial, decayRate, decaySteps, staircase: false }), 200);
    const stairs = ratesOf(exponentialDecay({ initialLearningRate: initial, decayRate, decaySteps }), 200);
    expect(smooth[0]).toBe(initial);
    expect(falls(smooth) && falls(stairs)).toBe(true);
    stairs.forEach((stair, step) => {
      expect(stair).toBeGreaterThanOrEqual((smooth[step] as number) * (1 - 1e-12));
      expect(stair * decayRate).toBeLessThanOrEqual((smooth[step] as number) * (1 + 1e-9));
    });
  },
);

test.prop([fc.array(rate, { minLength: 1, maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 5, maxLength: 5 })])(
  'stepDecay uses its rates in order, each up to its boundary',
  (rates, gaps) => {
    const boundaries = gaps.slice(0, rates.length - 1).map((_, i) => gaps.slice(0, i + 1).reduce((a, b) => a + b));
    const schedule = stepDecay({ values: rates, boundaries });
    boundaries.forEach((boundary, i) => {
      expect([schedule(boundary), schedule(boundary + 1)]).toEqual([rates[i], rates[i + 1]]);
    });
    expect([schedule(0), schedule(1e6)]).toEqual([rates[0], rates.at(-1)]);
    expect(new Set(ratesOf(schedule, 200)).size).toBeLessThanOrEqual(rates.length);
  },
);

test.prop([rate, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.2, max: 4, noNaN: true }), total])(
  'polynomialDecay decreases from one rate to the other and stays there',
  (initial, share, power, decaySteps) => {
    const end = share * initial;
    const rates = ratesOf(polynomialDecay({ initialLearningRate: initial, endLearningRate: end, power, decaySteps }), decaySteps + 10);
    expect(rates[0]).toBeCloseTo(initial, 9);
    expect(falls(rates)).toBe(true);
    for (const late of rates.slice(decaySteps)) expect(late).toBeCloseTo(end, 12);
    if (power >= 1) expect(largestStep(rates)).toBeLessThanOrEqual((((initial - end) * power) / decaySteps) * (1 + 1e-9) + 1e-15);
  },
);

test.prop([
  rate,
  total,
  fc.double({ min: 0.1, max: 0.9, noNaN: true }),
  fc.double({ min: 1, max: 100, noNaN: true }),
  fc.double({ min: 1, max: 1e5, noNaN: true }),
  fc.constantFrom('cosine', 'linear'),
])(
  'oneCycle increases once and decreases once, from peak / startDivisor to peak / startDivisor / endDivisor',
  (peak, totalSteps, riseShare, startDivisor, endDivisor, shape) => {
    fc.pre(riseShare * totalSteps > 2);
    const rates = ratesOf(oneCycle({ maxLearningRate: peak, totalSteps, riseShare, startDivisor, endDivisor, shape }), totalSteps + 5);
    const top = Math.floor(riseShare * totalSteps - 1);
    expect(rates[0]).toBeCloseTo(peak / startDivisor, 9);
    expect(rises(rates.slice(0, top + 1)) && falls(rates.slice(top + 1))).toBe(true);
    expect(Math.max(...rates)).toBeLessThanOrEqual(peak * (1 + 1e-12));
    for (const late of rates.slice(totalSteps - 1)) expect(late).toBeCloseTo(peak / startDivisor / endDivisor, 9);
    // There is no jump: the slopes are at most pi / 2 times as steep as straight lines.
    const [up, down] = [riseShare * totalSteps - 1, totalSteps - riseShare * totalSteps];
    expect(largestStep(rates)).toBeLessThanOrEqual(((peak * Math.PI) / 2 / Math.min(up, down)) * (1 + 1e-9));
  },
);

test.prop([rate, fc.integer({ min: 0, max: 100 }), total])(
  'withWarmup increases linearly from 0 to the first rate, then equals the schedule',
  (first, warmupSteps, decaySteps) => {
    const schedule = polynomialDecay({ initialLearningRate: first, decaySteps, endLearningRate: 0 });
    const warmed = withWarmup(schedule, warmupSteps);
    const rates = ratesOf(warmed, warmupSteps);
    if (warmupSteps > 0) expect(rates[0]).toBe(0);
    expect(rises(rates)).toBe(true);
    expect(largestStep(rates)).toBeLessThanOrEqual((first / Math.max(1, warmupSteps)) * (1 + 1e-9));
    for (const step of [warmupSteps, warmupSteps + 1, warmupSteps + 50]) expect(warmed(step)).toBe(schedule(step));
    expect(withWarmup(constantRate(first), warmupSteps)(warmupSteps)).toBe(first);
  },
);

test.prop([cosine, fc.integer({ min: 1, max: 50 })])(
  'perEpoch changes only at the first step of an epoch, to the rate of that step',
  (options, stepsPerEpoch) => {
    const schedule = warmupCosine(options);
    const held = perEpoch(schedule, stepsPerEpoch);
    for (let step = 0; step < options.totalSteps; step++)
      expect(held(step)).toBe(step % stepsPerEpoch === 0 ? schedule(step) : held(step - 1));
  },
);
