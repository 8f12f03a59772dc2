// Losses and their gradients for extreme predictions: logits up to 100, and probabilities of exactly 0 and 1.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import keras from '../fixtures/training/keras_extreme_losses.json' with { type: 'json' };
import { binaryCrossEntropy, focalLoss, softmaxCrossEntropy, type Loss } from '../../src/training/index.js';
import { startWasm } from '../support/wasm.js';

interface Measured {
  readonly loss: readonly (number | null)[];
  readonly gradient: readonly (number | null)[];
}

interface Case {
  readonly loss: string;
  readonly kind: string;
  readonly gamma?: number;
  readonly alpha?: number;
  readonly labels: readonly number[];
  readonly exact?: Measured;
  readonly fromLogits: Measured;
  readonly fromProbabilities: Measured;
}

const cases = keras.cases as readonly Case[];
const titled = cases.map(
  (one) =>
    [
      `${one.loss} ${one.kind}${one.gamma === undefined ? '' : ` gamma ${one.gamma} alpha ${one.alpha}`} labels ${one.labels[0]}`,
      one,
    ] as const,
);

function lossOf({ loss, kind, gamma, alpha }: Case, fromLogits: boolean): Loss {
  if (loss === 'focal') return focalLoss({ kind: kind as 'softmax' | 'sigmoid', gamma: gamma!, alpha: alpha!, fromLogits });
  return kind === 'softmax' ? softmaxCrossEntropy({ fromLogits }) : binaryCrossEntropy({ fromLogits });
}

async function measure(loss: Loss, labels: readonly number[], inputs: readonly number[]): Promise<{ loss: number[]; gradient: number[] }> {
  const y = tf.tensor2d([...labels], [labels.length / 3, 3]);
  const x = tf.tensor2d([...inputs], [inputs.length / 3, 3]);
  const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => tf.sum(loss(y, input)))(x);
  const losses = loss(y, x);
  const measured = { loss: [...(await losses.data())], gradient: [...(await grad.data())] };
  tf.dispose([x, y, value, grad, losses]);
  return measured;
}

// Cases in which Keras returns NaN, whereas this library must return finite values.
function expectClose(ours: readonly number[], theirs: readonly (number | null)[]): void {
  expect(ours.every(Number.isFinite)).toBe(true);
  const off = theirs.map((value, i) => (value === null ? 0 : Math.abs((ours[i] as number) - value) / Math.max(1, Math.abs(value))));
  expect(
    off.findIndex((error) => error > 1e-5),
    `${ours.join(' ')}\n${theirs.join(' ')}`,
  ).toBe(-1);
}

beforeAll(startWasm);

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test.each(titled)('%s: value and gradient from logits match the exact formula', async (_, one) => {
    const ours = await measure(lossOf(one, true), one.labels, keras.logits);
    const { loss, gradient } = one.exact ?? one.fromLogits;
    expectClose(ours.loss, loss);
    expectClose(ours.gradient, gradient);
  });

  test.each(titled)('%s: value and gradient from probabilities match Keras', async (_, one) => {
    const ours = await measure(lossOf(one, false), one.labels, keras.probabilities);
    expectClose(ours.loss, one.fromProbabilities.loss);
    expectClose(ours.gradient, one.fromProbabilities.gradient);
  });

  test('the focal loss of a perfectly classified sample has a gradient of 0 for gamma below 1', async () => {
    const { loss, gradient } = await measure(focalLoss({ gamma: 0.5, fromLogits: true }), [1, 0, 0], [30, -30, 0]);
    expect(loss[0]).toBeCloseTo(0, 9);
    expect(gradient).toBeAllclose([0, 0, 0], { tolerance: 1e-9 });
  });

  test('the loss is not finite if logits are not finite', async () => {
    const { loss } = await measure(focalLoss({ gamma: 0.5, fromLogits: true }), [1, 0, 0], [NaN, 0, 0]);
    expect(loss[0]).toBeNaN();
  });
});
