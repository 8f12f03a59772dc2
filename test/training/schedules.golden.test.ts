import { expect, test } from 'vitest';
import keras from '../fixtures/training/keras.json' with { type: 'json' };
import torch from '../fixtures/training/torch.json' with { type: 'json' };
import { exponentialDecay, oneCycle, polynomialDecay, stepDecay, warmupCosine, type Schedule } from '../../src/training/index.js';

const { at, rates } = keras.schedules;
const OURS: Record<keyof typeof rates, Schedule> = {
  'warmupCosine afterWarmup': warmupCosine({ maxLearningRate: 0.02, warmupSteps: 10, totalSteps: 100, cosineOver: 'afterWarmup' }),
  'exponentialDecay staircase': exponentialDecay({ initialLearningRate: 0.016, decaySteps: 24 }),
  'exponentialDecay smooth': exponentialDecay({ initialLearningRate: 0.016, decaySteps: 24, staircase: false }),
  stepDecay: stepDecay({ values: [0.1, 0.01, 0.001, 0.0001], boundaries: [10, 50, 100] }),
  polynomialDecay: polynomialDecay({ initialLearningRate: 0.1, endLearningRate: 0.001, power: 2, decaySteps: 100 }),
};

test.each(Object.entries(OURS))('%s returns the same rates as Keras', (name, schedule) => {
  expect(at.map(schedule)).toBeAllclose(rates[name as keyof typeof rates], { tolerance: 1e-8 });
});

test('oneCycle returns the same rates as PyTorch', () => {
  const steps = torch.oneCycle.cos.map((_, step) => step);
  expect(steps.map(oneCycle({ maxLearningRate: 0.4, totalSteps: 40 }))).toBeAllclose(torch.oneCycle.cos, { tolerance: 1e-9 });
  const linear = oneCycle({ maxLearningRate: 0.4, totalSteps: 40, riseShare: 0.25, startDivisor: 10, endDivisor: 100, shape: 'linear' });
  expect(steps.map(linear)).toBeAllclose(torch.oneCycle.linear, { tolerance: 1e-9 });
});
