import { expect, test } from 'vitest';
import {
  constantRate,
  exponentialDecay,
  oneCycle,
  perEpoch,
  polynomialDecay,
  stepDecay,
  warmupCosine,
  withWarmup,
} from '../../src/training/index.js';

test('warmupCosine increases to 0.02 within 1000 steps, and its cosine covers the whole run', () => {
  const schedule = warmupCosine({ totalSteps: 4000 });
  expect(schedule(0)).toBe(0);
  expect(schedule(500)).toBeCloseTo(0.01, 12);
  expect(schedule(999)).toBeCloseTo(0.01998, 12);
  expect(schedule(2000)).toBeCloseTo(0.01, 12);
  expect(schedule(4000)).toBe(0);
  expect(schedule(5000)).toBe(0);
  expect(schedule(1000)).toBeCloseTo(0.017071, 6);
});

test('withWarmup increases to the first rate, then follows the schedule, whose steps count from the beginning', () => {
  const schedule = withWarmup(exponentialDecay({ initialLearningRate: 0.016, decaySteps: 10, decayRate: 0.5 }), 5);
  expect([0, 1, 4, 5, 9, 10, 20].map(schedule)).toEqual([0, 0.0032, 0.0128, 0.016, 0.016, 0.008, 0.004]);
});

test('perEpoch uses the rate of the first step of each epoch', () => {
  const schedule = perEpoch(polynomialDecay({ initialLearningRate: 1, endLearningRate: 0, decaySteps: 10 }), 5);
  expect([0, 4, 5, 9, 10].map(schedule)).toEqual([1, 1, 0.5, 0.5, 0]);
});

test('refuses invalid options', () => {
  expect(() => warmupCosine({ totalSteps: -5 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmupCosine: expected a positive integer for \`totalSteps\`, received -5.]`,
  );
  expect(() => warmupCosine({ totalSteps: 500 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmupCosine: expected more steps than the 1000 of the warm-up for \`totalSteps\`, received 500. ` +
      `Set \`warmupSteps\` for a shorter run.]`,
  );
  expect(() => stepDecay({ values: [1], boundaries: [5] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: stepDecay: expected 2 rates, one more than boundaries for \`values\`, received [1].]`,
  );
  expect(() => stepDecay({ values: [1, 2, 3], boundaries: [5, 5] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: stepDecay: expected steps in ascending order for \`boundaries\`, received [5, 5].]`,
  );
  expect(() => oneCycle({ maxLearningRate: 1, totalSteps: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: oneCycle: expected more than 3.3333333333333335 steps for a rise of 0.3 for \`totalSteps\`, received 2.]`,
  );
  expect(() => withWarmup(constantRate(1), -1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: withWarmup: expected an integer of at least 0 for \`warmupSteps\`, received -1.]`,
  );
  expect(() => exponentialDecay({ initialLearningRate: 1 } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exponentialDecay: expected a positive number for \`decaySteps\`, received undefined.]`,
  );
  expect(() => constantRate(0.1)(-1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: constantRate: expected a step of at least 0, received -1.]`,
  );
});
