import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { adam, adamW, NamedOptimizer, sgd } from '../../src/training/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { fillModel } from '../support/fillModel.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Builds a model with two layers of the same shape, so that only wrong numbers would reveal that state was applied to the wrong layer. */
function twins(): tfl.LayersModel {
  const model = tfl.sequential({
    layers: [tfl.layers.dense({ units: 3, inputShape: [3], name: 'first' }), tfl.layers.dense({ units: 3, name: 'second' })],
  });
  fillModel(model, 1);
  return model;
}

const x = [
  [1, 2, 3],
  [0, -1, 1],
];
const y = [
  [1, 0, 0],
  [0, 1, 0],
];

async function train(model: tfl.LayersModel, optimizer: tf.Optimizer, steps: number): Promise<void> {
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const [xs, ys] = [tf.tensor2d(x), tf.tensor2d(y)];
  for (let step = 0; step < steps; step++) await model.trainOnBatch(xs, ys);
  tf.dispose([xs, ys]);
}

const valuesOf = async (model: tfl.LayersModel): Promise<number[]> =>
  // Layer by layer: a model lists frozen weights last.
  (await Promise.all(model.layers.flatMap((layer) => layer.getWeights()).map(async (weight) => [...(await weight.data())]))).flat();

test('freezing the first layer does not change the momentum of the second', async () => {
  const [frozen, still] = [twins(), twins()];
  const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
  const held = sgd({ learningRate: 0.1, momentum: 0.9 });
  await train(frozen, optimizer, 2);
  await train(still, held, 2);
  frozen.layers[0]!.trainable = false;
  const before = await valuesOf(frozen);
  await train(frozen, optimizer, 2);
  expect((await valuesOf(frozen)).slice(0, 12)).toEqual(before.slice(0, 12));
  // The other run restores the first layer after every step instead.
  for (let step = 0; step < 2; step++) {
    const first = still.layers[0]!.getWeights().map((weight) => tf.clone(weight));
    await train(still, held, 1);
    still.layers[0]!.setWeights(first);
  }
  expect(await valuesOf(frozen)).toEqual(await valuesOf(still));
});

test('saves state under original names, even for the second model of the process', async () => {
  twins();
  const model = twins();
  const optimizer = adam();
  await train(model, optimizer, 1);
  const state = await optimizer.getWeights();
  expect(state.map(({ name }) => name)).toEqual([
    'iter',
    ...['first/kernel', 'first/bias', 'second/kernel', 'second/bias'].flatMap((name) => [
      `${name}/mean`,
      `${name}/meanSquare`,
      `${name}/updates`,
    ]),
  ]);
});

test('continues from saved state as if training had not stopped', async () => {
  const [whole, half] = [twins(), twins()];
  const schedule = (step: number): number => 0.1 / (1 + step);
  await train(whole, adamW({ learningRate: schedule, accumulationSteps: 2 }), 7);
  const before = adamW({ learningRate: schedule, accumulationSteps: 2 });
  await train(half, before, 3);
  const later = twins();
  later.setWeights(half.getWeights());
  const after = adamW({ learningRate: schedule, accumulationSteps: 2 });
  await after.setWeights(await before.getWeights());
  expect(after.iterations).toBe(1);
  await train(later, after, 4);
  expect(await valuesOf(later)).toEqual(await valuesOf(whole));
});

test('refuses state that was saved by another kind of optimizer or for another model', async () => {
  const optimizer = adam();
  await train(twins(), optimizer, 1);
  const state = await optimizer.getWeights();
  await expect(sgd({ momentum: 0.9 }).setWeights(state)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: sgd: expected slots momentum, received 'first/kernel/mean'. The state was saved by another kind of optimizer.]`,
  );
  await expect(adam().setWeights([])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: adam: expected the state of an optimizer, including its number of steps 'iter', received 0 tensors without it.]`,
  );
  const other = adam();
  await other.setWeights(state.map(({ name, tensor }) => ({ name, tensor: tensor.rank === 2 ? tf.zeros([2, 2]) : tensor })));
  await expect(train(twins(), other, 1)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: adam: expected state [3, 3] for 'first/kernel', received [2, 2]. The state was saved for another model.]`,
  );
});

test('a stock optimizer is not an instance', () => {
  expect(tf.train.adam() instanceof NamedOptimizer).toBe(false);
  expect(sgd() instanceof NamedOptimizer).toBe(true);
  expect(sgd() instanceof tf.Optimizer).toBe(true);
});

test('a layer with rate 0 does not change', async () => {
  const model = twins();
  const before = await model.layers[0]!.getWeights()[0]!.data();
  await train(model, adamW({ rateOf: (weight) => (weight.startsWith('first/') ? 0 : 1) }), 2);
  expect(await model.layers[0]!.getWeights()[0]!.data()).toEqual(before);
});

test('dispose frees the state', async () => {
  const model = twins();
  await expectNoLeak(async () => {
    const optimizer = adamW({ globalClipNorm: 1, accumulationSteps: 2 });
    await train(model, optimizer, 3);
    const state = await optimizer.getWeights();
    await optimizer.setWeights(state);
    tf.dispose(state.map(({ tensor }) => tensor));
    optimizer.dispose();
  });
});

test('with accumulation a schedule counts updates, whereas Keras counts batches', () => {
  const rates = (step: number): number => (step < 2 ? 0.1 : step < 4 ? 0.01 : 0.001);
  const weightAfter = (schedule: (step: number) => number): number[] => {
    const weight = tf.variable(tf.zeros([1]));
    const optimizer = sgd({ learningRate: schedule, accumulationSteps: 2 });
    const values = Array.from({ length: 8 }, () => {
      optimizer.applyGradients([{ name: weight.name, tensor: tf.ones([1]) }]);
      return weight.arraySync() as unknown as number[];
    }).flat();
    optimizer.dispose();
    return values;
  };
  expect(weightAfter(rates)).toBeAllclose([0, -0.1, -0.1, -0.2, -0.2, -0.21, -0.21, -0.22]);
  // Keras 3.15.1: SGD(learning_rate=rates, gradient_accumulation_steps=2), gradients of 1.
  expect(weightAfter((update) => rates(update * 2 + 1))).toBeAllclose([0, -0.1, -0.1, -0.11, -0.11, -0.111, -0.111, -0.112]);
});

test('refuses invalid options', () => {
  expect(() => adam({ learningRate: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: adam: expected a number of at least 0 or a schedule for \`learningRate\`, received -1.]`,
  );
  expect(() => sgd({ clipNorm: 1, clipValue: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: sgd: expected at most one of \`clipValue\`, \`clipNorm\`, \`globalClipNorm\`, received \`clipValue\` and \`clipNorm\`.]`,
  );
  expect(() => sgd({ nestrov: true } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: sgd: expected one of the options \`learningRate\`, \`weightDecay\`, \`weightDecayMode\`, \`decays\`, \`clipValue\`, \`clipNorm\`, \`globalClipNorm\`, \`accumulationSteps\`, \`rateOf\`, \`momentum\`, \`nesterov\`, received \`nestrov\`. Did you mean \`nesterov\`?]`,
  );
});
