// Checks for leaked tensors.

import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Runs `act` once to warm up, then again, and expects as many tensors after as before. */
export async function expectNoLeak(act: () => unknown): Promise<void> {
  await act();
  const before = tf.memory().numTensors;
  await act();
  expect(tf.memory().numTensors - before).toBe(0);
}
