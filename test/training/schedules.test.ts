import { expect, test } from 'vitest';
import * as training from '../../src/training/index.js';

test('warmupCosine rises to 0.02 in 1000 steps and takes the cosine of the step over the whole run', () => {
  const schedule = training.warmupCosine({ totalSteps: 4000 });
  expect(schedule(0)).toBe(0);
  expect(schedule(500)).toBeCloseTo(0.01, 12);
  expect(schedule(999)).toBeCloseTo(0.01998, 12);
  expect(schedule(2000)).toBeCloseTo(0.01, 12);
  expect(schedule(4000)).toBe(0);
  expect(schedule(5000)).toBe(0);
  expect(schedule(1000)).toBeCloseTo(0.017071, 6);
});

test('withWarmup rises to the first rate, then follows the schedule at its own step', () => {
  const schedule = training.withWarmup(training.exponentialDecay({ initialLearningRate: 0.016, decaySteps: 10, decayRate: 0.5 }), 5);
  expect([0, 1, 4, 5, 9, 10, 20].map(schedule)).toEqual([0, 0.0032, 0.0128, 0.016, 0.016, 0.008, 0.004]);
});

test('perEpoch holds the rate of the first step of each epoch', () => {
  const schedule = training.perEpoch(training.polynomialDecay({ initialLearningRate: 1, endLearningRate: 0, decaySteps: 10 }), 5);
  expect([0, 4, 5, 9, 10].map(schedule)).toEqual([1, 1, 0.5, 0.5, 0]);
});

test('impossible schedules are refused', () => {
  expect(() => training.warmupCosine({ totalSteps: -5 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmupCosine: expected a positive integer for \`totalSteps\`, received -5.]`,
  );
  expect(() => training.warmupCosine({ totalSteps: 500 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmupCosine: expected more steps than the 1000 of the warm-up for \`totalSteps\`, received 500. ` +
      `Set \`warmupSteps\` for a shorter run.]`,
  );
  expect(() => training.stepDecay({ values: [1], boundaries: [5] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: stepDecay: expected 2 rates, one more than boundaries for \`values\`, received [1].]`,
  );
  expect(() => training.stepDecay({ values: [1, 2, 3], boundaries: [5, 5] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: stepDecay: expected steps that ascend for \`boundaries\`, received [5, 5].]`,
  );
  expect(() => training.oneCycle({ maxLearningRate: 1, totalSteps: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: oneCycle: expected more than 3.3333333333333335 steps for a rise of 0.3 for \`totalSteps\`, received 2.]`,
  );
  expect(() => training.withWarmup(training.constantRate(1), -1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: withWarmup: expected an integer of at least 0 for \`warmupSteps\`, received -1.]`,
  );
  expect(() => training.exponentialDecay({ initialLearningRate: 1 } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exponentialDecay: expected a positive number for \`decaySteps\`, received undefined.]`,
  );
  expect(() => training.constantRate(0.1)(-1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: constantRate: expected a step of at least 0, received -1.]`,
  );
});
