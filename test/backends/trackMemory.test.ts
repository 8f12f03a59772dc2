import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { trackMemory } from '../../src/backends/index.js';

test('a leak is counted in tensors and bytes, the value is handed on', async () => {
  const { value, before, after, kept } = await trackMemory(async () => {
    tf.zeros([10, 10]);
    tf.zeros([5]).dispose();
    await Promise.resolve();
    return 'done';
  });
  expect(value).toBe('done');
  expect(kept).toEqual({ tensors: 1, bytes: 400 });
  expect(after.tensors - before.tensors).toBe(1);
});

test('disposing older tensors counts as less than nothing', async () => {
  const old = tf.zeros([3]);
  const { kept } = await trackMemory(() => { old.dispose(); });
  expect(kept).toEqual({ tensors: -1, bytes: -12 });
});

test('what the work throws goes on, and what is no function is refused', async () => {
  await expect(trackMemory(() => { throw new Error('stop'); })).rejects.toThrow('stop');
  await expect(trackMemory(3 as never)).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: trackMemory: expected a function for \`work\`, received 3.]`);
});
