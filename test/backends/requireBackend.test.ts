import { setTimeout } from 'node:timers/promises';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { convNormAct } from '../../src/layers/index.js';

const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

test('the error for a missing backend says what to call', () => {
  expect(() => convNormAct(input(8, 8, 3), { name: 'x', filters: 4 })).toThrowErrorMatchingInlineSnapshot(
    `[BackendError: convNormAct: expected a TensorFlow.js backend that is ready, received none. Call \`await selectBackend()\` first (in Node, the one from 'effnet-ts/node'), or start a backend with \`await tf.setBackend(...)\`.]`,
  );
});

test('a backend that is still starting is rejected and starts only once', async () => {
  let starts = 0;
  tf.registerBackend('slow', () => {
    starts++;
    return setTimeout(20, new MathBackendCPU());
  });
  const started = tf.setBackend('slow');
  expect(() => convNormAct(input(8, 8, 3), { name: 'x', filters: 4 })).toThrow(
    "convNormAct: expected a TensorFlow.js backend that is ready, received 'slow', not started.",
  );
  expect(await started).toBe(true);
  expect(starts).toBe(1);
});
