// The accuracy of a head, compared with values that are counted here.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import type { Features } from '../../src/training/extractFeatures.js';
import { fitHead } from '../../src/training/fitHead.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const X = [1, 2, -1, 0.5, 3, -2, 0.1, -0.3, -4, 1, 2, 1.5, -1, -1.5, -3];
const Y = [1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0];
const rowsOf = (values: readonly number[], rows: readonly number[]): tf.Tensor2D =>
  tf.tensor2d(rows.map((row) => values.slice(row * 3, row * 3 + 3)));
const features: Features = {
  count: 5,
  width: 3,
  take: (rows = [0, 1, 2, 3, 4]) => [rowsOf(X, rows), rowsOf(Y, rows)],
};
/** A classifier whose logits are the features themselves. */
function identity(): tfl.LayersModel {
  const input = tfl.input({ shape: [3] });
  const dense = tfl.layers.dense({ units: 3, kernelInitializer: 'identity' });
  return tfl.model({ inputs: input, outputs: dense.apply(input) as tfl.SymbolicTensor });
}

beforeAll(startWasm);

test.each([
  // Correct in rows 3 and 4.
  ['softmax', 'samples whose highest logit is the right class', 2 / 5],
  ['sigmoid', 'targets on the right side of 0.5', X.filter((x, i) => x > 0 === (Y[i] as number) > 0).length / 15],
] as const)('with %s, accuracy is the fraction of %s', async (activation, _, share) => {
  await expectNoLeak(async () => {
    const classifier = identity();
    const [epoch] = await fitHead(classifier, {
      featuresOf: () => features,
      validation: features,
      activation,
      epochs: 1,
      batchSize: 2,
      learningRate: 1e-6,
      optimizer: undefined,
      labelSmoothing: 0,
      seed: 1,
      callbacks: [],
      onEpoch: undefined,
      onProgress: undefined,
      signal: undefined,
    });
    classifier.dispose();
    expect(epoch?.accuracy).toBeCloseTo(share, 6);
    expect(epoch?.val_accuracy).toBeCloseTo(share, 6);
    expect(epoch?.loss).toBeCloseTo(epoch?.val_loss as number, 4);
  });
});
