import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ensureBackend, probeBackend, selectBackend } from '../../../src/node.js';

test('the default is wasm, its binaries found and its numbers proven', async () => {
  expect(await ensureBackend()).toMatchObject({ backend: 'wasm', tried: [{ name: 'wasm', outcome: 'chosen' }] });
  expect(tf.getBackend()).toBe('wasm');
});

test('selecting again changes to what is asked for, and back', async () => {
  expect(await selectBackend(['cpu'])).toMatchObject({ backend: 'cpu' });
  expect(await selectBackend()).toMatchObject({ backend: 'wasm' });
});

test("the default backend computes TensorFlow's gradients too", async () => {
  expect(await selectBackend(undefined, { gradients: true })).toMatchObject({ backend: 'wasm' });
  const { largestError } = await probeBackend({ gradients: true });
  expect(largestError).toBeLessThan(1e-5);
});
