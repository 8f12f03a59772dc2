import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { warmup, type Predictor } from '../../../src/evaluation/predict/index.js';
import { efficientNet, featureExtractor } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { expectNoLeak } from '../../support/leaks.js';
import { startWasm } from '../../support/wasm.js';

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 };

beforeAll(startWasm);

test('predicts one batch of the requested size and leaves no tensors', async () => {
  const seen: number[][] = [];
  const runtime: Predictor = {
    inputShape: [null, 8, 6, 3],
    predict: (images) => {
      seen.push(images.shape);
      return Promise.resolve(tf.zeros([images.shape[0], 2]));
    },
  };
  await expectNoLeak(() => warmup(runtime, { batchSize: 4 }));
  expect(seen[0]).toEqual([4, 8, 6, 3]);
});

test('several outputs are computed and disposed as well', async () => {
  const model = featureExtractor(efficientNet(TINY, { classes: 3 }), ['reduction_3', 'predictions']);
  await expectNoLeak(() => warmup(model));
});

test('a variable input size is set by the option or the preprocessing', async () => {
  const model = efficientNet(TINY, { classes: 3, inputSize: null });
  expect(await warmup(model, { inputSize: [64, 96] })).toBeGreaterThan(0);
  expect(await warmup(model)).toBeGreaterThan(0);
  const unknown: Predictor = { predict: (images) => tf.zeros([images.shape[0], 2]) };
  await expect(warmup(unknown)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmup: expected the size of the images for \`inputSize\`, received undefined. The model takes any size.]`,
  );
  await expect(warmup(efficientNet(TINY, { classes: 3 }), { inputSize: 96 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmup: expected the model's input size [64, 64] for \`inputSize\`, received 96.]`,
  );
  await expect(warmup(model, { batch: 2 } as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: warmup: expected one of the options \`batchSize\`, \`inputSize\`, received \`batch\`.]`,
  );
});
