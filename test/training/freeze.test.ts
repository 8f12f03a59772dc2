// Frozen layers do not change, whether the model was compiled before or not.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { freeze, unfreeze } from '../../src/training/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { startWasm } from '../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 };
const build = (): tfl.LayersModel => efficientNet(SPEC, { classes: 3, seed: 1 });
const x = (): tf.Tensor => tf.randomUniform([4, 32, 32, 3], 0, 255, 'float32', 'x');
const y = (): tf.Tensor => tf.oneHot([0, 1, 2, 0], 3);

async function snapshot(model: tfl.LayersModel): Promise<Map<string, readonly number[]>> {
  const weights = model.layers.flatMap((layer) => layer.weights);
  return new Map(await Promise.all(weights.map(async (weight) => [weight.originalName, [...(await weight.read().data())]] as const)));
}

async function changed(model: tfl.LayersModel, steps = 2): Promise<string[]> {
  const before = await snapshot(model);
  for (let i = 0; i < steps; i++) await model.trainOnBatch(x(), y());
  const after = await snapshot(model);
  return [...before].filter(([name, values]) => values.some((value, i) => !Object.is(value, after.get(name)![i]))).map(([name]) => name);
}

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

describe('freeze', () => {
  test('leaves all weights and statistics except those of the classifier bit-identical', async () => {
    const model = build();
    model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: 'categoricalCrossentropy' });
    freeze(model);
    unfreeze(model, ['predictions']);
    expect(await changed(model)).toEqual(['predictions/kernel', 'predictions/bias']);
  });

  test('takes effect immediately in a compiled model, and so does unfreeze', async () => {
    const model = build();
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    freeze(model, ['stem', 'block1', 'block2a']);
    const moved = await changed(model);
    expect(moved.filter((name) => /^(stem|block1|block2a)/.test(name))).toEqual([]);
    expect(moved).toContain('block3a_bn/moving_mean');
    unfreeze(model, ['stem']);
    expect(await changed(model)).toContain('stem_bn/moving_mean');
    expect(model.metricsNames).toEqual(['loss', 'acc']);
  });

  test('keeps the optimizer, but applies none of its state to another weight', async () => {
    const model = build();
    const optimizer = tf.train.adam(0.01);
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    await changed(model, 3);
    freeze(model, (layer) => layer.name !== 'predictions');
    expect(model.optimizer).toBe(optimizer);
    // Without earlier state, the first step of Adam is as large as the learning rate for every weight with a gradient.
    const before = (await snapshot(model)).get('predictions/bias')!;
    await model.trainOnBatch(x(), y());
    const after = (await snapshot(model)).get('predictions/bias')!;
    expect(after.map((value, i) => Math.abs(value - before[i]!))).toBeAllclose([0.01, 0.01, 0.01], { tolerance: 1e-5 });
  });

  test('freezes layers of a nested model', async () => {
    const base = efficientNet(SPEC, { includeTop: false, pooling: 'avg', seed: 1 });
    const input = tfl.input({ shape: [32, 32, 3] });
    const outputs = tfl.layers.dense({ units: 3, activation: 'softmax', name: 'mine' }).apply(base.apply(input)) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs });
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    freeze(model, ['stem', 'block1', 'block2', 'block3', 'block4', 'block5', 'block6', 'block7', 'top']);
    const before = await snapshot(base);
    await model.trainOnBatch(x(), y());
    expect(await snapshot(base)).toEqual(before);
  });

  test('works with a model that is not compiled', () => {
    const model = build();
    freeze(model);
    expect(model.trainableWeights).toEqual([]);
    unfreeze(model);
    expect(model.trainableWeights.length).toBeGreaterThan(0);
  });

  test('refuses a stock BatchNormalization, because it would keep learning', () => {
    const model = tfl.sequential({ layers: [tfl.layers.batchNormalization({ inputShape: [4], name: 'stock' })] });
    expect(() => {
      freeze(model);
    }).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: freeze: expected this library's BatchNormalization at 'stock', received the stock one, which keeps learning when frozen. Build it with batchNormalization().]`,
    );
  });

  test('refuses a name that matches nothing', () => {
    expect(() => {
      freeze(build(), ['block9']);
    }).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: freeze: expected names of the model's layers, blocks or stages for \`selector\`, received 'block9'. describePlan(planOf(model)) lists them.]`,
    );
  });
});
