import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { trackMemory } from '../../src/backends/index.js';

test('reports the number of kept tensors and where they were created, and returns the value', async () => {
  const { value, before, after, kept, keptTensors } = await trackMemory(async () => {
    tf.zeros([10, 10]);
    tf.zeros([5]).dispose();
    await Promise.resolve();
    return 'done';
  });
  expect(value).toBe('done');
  expect(kept).toEqual({ tensors: 1, bytes: 400 });
  expect(keptTensors).toEqual([
    { shape: [10, 10], dtype: 'float32', madeAt: expect.stringMatching(/trackMemory\.test\.ts:8:8/) as string },
  ]);
  expect(after.tensors - before.tensors).toBe(1);
});

test('disposing older tensors gives negative numbers', async () => {
  const old = tf.zeros([3]);
  const { kept } = await trackMemory(() => {
    old.dispose();
  });
  expect(kept).toEqual({ tensors: -1, bytes: -12 });
});

test('errors of the function are rethrown, and other values than functions are rejected', async () => {
  await expect(
    trackMemory(() => {
      throw new Error('stop');
    }),
  ).rejects.toThrow('stop');
  await expect(trackMemory(3 as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trackMemory: expected a function for \`work\`, received 3.]`,
  );
});

test('concurrent calls are tracked independently, and the engine is restored', async () => {
  const make = (shape: number[]) =>
    trackMemory(async () => {
      await Promise.resolve();
      return tf.variable(tf.tidy(() => tf.ones(shape)));
    });
  const [one, two] = await Promise.all([make([1]), make([2])]);
  expect(one.keptTensors.map(({ shape }) => shape)).toContainEqual([1]);
  expect(two.keptTensors.map(({ shape }) => shape)).toContainEqual([2]);
  expect(Object.keys(tf.engine())).not.toContain('trackTensor');
  tf.disposeVariables();
});
