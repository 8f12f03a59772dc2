import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { callback } from '../../src/training/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('callback refuses an unknown hook', () => {
  expect(() => callback({ onEpoch: () => undefined } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: callback: expected one of the options \`onTrainBegin\`, \`onEpochBegin\`, \`onBatchBegin\`, \`onBatchEnd\`, \`onEpochEnd\`, \`onTrainEnd\`, \`save\`, \`load\`, received \`onEpoch\`.]`,
  );
});
