import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import {
  adamW,
  callback,
  earlyStopping,
  ema,
  f1,
  fineTune,
  sgd,
  softmaxCrossEntropy,
  warmupCosine,
  accuracy,
  type FineTuneOptions,
} from '../../src/training/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { memoryStore } from '../support/memoryStore.js';
import { tinyData, tinyModel, weightsOfAll } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const STAGES: FineTuneOptions['stages'] = [
  { unfreeze: ['predictions'], epochs: 2, learningRate: 0.05 },
  {
    unfreeze: 'all',
    epochs: 2,
    batchNorm: 'trained',
    learningRate: warmupCosine({ maxLearningRate: 0.05, warmupSteps: 3, totalSteps: 12 }),
  },
];
const common = (): FineTuneOptions => ({
  train: tinyData(),
  validation: tinyData(false),
  stages: STAGES,
  metrics: [accuracy(), f1()],
  optimizer: () => adamW(),
});

const weightsOf = async (model: LayersModel, layer: string): Promise<number[][]> =>
  Promise.all(
    model
      .getLayer(layer)
      .getWeights()
      .map(async (weight) => [...(await weight.data())]),
  );

test('each stage trains its own layers, and frozen moving statistics stay bit-identical', async () => {
  const model = tinyModel();
  const [normalization, dense, head] = await Promise.all(
    ['block1a_bn', 'block1a_dense', 'predictions'].map((name) => weightsOf(model, name)),
  );
  const history = await fineTune(model, { ...common(), stages: [STAGES[0]!] });
  expect(await weightsOf(model, 'block1a_bn')).toEqual(normalization);
  expect(await weightsOf(model, 'block1a_dense')).toEqual(dense);
  expect(await weightsOf(model, 'predictions')).not.toEqual(head);
  expect(history.map(({ epoch, stage }) => [epoch, stage])).toEqual([
    [0, 0],
    [1, 0],
  ]);
  expect(Object.keys(history[0]!)).toEqual([
    'epoch',
    'stage',
    'loss',
    'accuracy',
    'f1',
    'val_loss',
    'val_accuracy',
    'val_f1',
    'learningRate',
  ]);

  await fineTune(model, { ...common(), stages: [{ unfreeze: 'all', epochs: 1 }] });
  expect(await weightsOf(model, 'block1a_bn')).toEqual(normalization);
  expect(await weightsOf(model, 'block1a_dense')).not.toEqual(dense);
  await fineTune(model, { ...common(), stages: [{ unfreeze: ['block1'], epochs: 1, batchNorm: 'trained' }] });
  expect(await weightsOf(model, 'block1a_bn')).not.toEqual(normalization);
});

test('learns', async () => {
  const history = await fineTune(tinyModel(), {
    ...common(),
    stages: [{ unfreeze: 'all', epochs: 20, learningRate: 0.05, batchNorm: 'trained' }],
  });
  expect(history.at(-1)!.val_accuracy).toBeGreaterThan(0.8);
});

test('its steps equal those of model.fitDataset', async () => {
  const [ours, theirs] = [tinyModel(), tinyModel()];
  const history = await fineTune(ours, {
    ...common(),
    optimizer: () => sgd({ momentum: 0.9 }),
    stages: [{ unfreeze: 'all', epochs: 2, batchNorm: 'trained', learningRate: 0.1 }],
  });
  theirs.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), loss: softmaxCrossEntropy() });
  const { history: logs } = await theirs.fitDataset(tinyData(), { epochs: 2, verbose: 0, validationData: tinyData(false) });
  expect(await weightsOfAll(ours)).toBeAllclose(await weightsOfAll(theirs), { tolerance: 1e-5 });
  expect(history.map(({ val_loss }) => val_loss!)).toBeAllclose(logs['val_loss'] as number[], { tolerance: 1e-5 });
});

// Two stages, four epochs and 24 steps, interrupted at the start, within epochs, between stages and at the end.
test('a run that is interrupted at any step and resumed in a new model ends like an uninterrupted one', async () => {
  const callbacks = () => [ema({ decay: 0.9 }), earlyStopping({ patience: 9 })] as const;
  const whole = tinyModel(3);
  const [average, stopping] = callbacks();
  const history = await fineTune(whole, { ...common(), callbacks: [average, stopping] });
  const expected = await weightsOfAll(whole);
  for (const cut of [0, 3, 5, 11, 12, 16, 23]) {
    const store = memoryStore();
    const controller = new AbortController();
    let steps = 0;
    const stop = callback({
      onBatchBegin: () => {
        if (steps++ === cut) controller.abort(new Error('cut'));
      },
    });
    const first = callbacks();
    const run = fineTune(tinyModel(3), {
      ...common(),
      store,
      checkpointEverySteps: 2,
      signal: controller.signal,
      callbacks: [...first, stop],
    });
    if (cut < 23) await expect(run).rejects.toThrow('cut');
    else await run;
    const later = tinyModel(99);
    const second = callbacks();
    const resumed = await fineTune(later, { ...common(), store, callbacks: second });
    expect(await weightsOfAll(later)).toEqual(expected);
    expect(resumed).toEqual(history);
    expect([...(await second[0].weights()).get('predictions/kernel')!.values()]).toEqual([
      ...(await average.weights()).get('predictions/kernel')!.values(),
    ]);
    for (const each of [first[0], second[0]]) each.dispose();
  }
  average.dispose();
}, 300_000);

test('does not train a finished run again', async () => {
  const store = memoryStore();
  const model = tinyModel();
  await fineTune(model, { ...common(), store });
  const before = await weightsOfAll(model);
  const again = tinyModel();
  expect(await fineTune(again, { ...common(), store })).toHaveLength(4);
  expect(await weightsOfAll(again)).toEqual(before);
});

test('early stopping ends all stages, also when the run is repeated', async () => {
  const store = memoryStore();
  const bad = callback({ onEpochEnd: (epoch) => ({ val_loss: epoch }) });
  const history = await fineTune(tinyModel(), { ...common(), store, callbacks: [bad, earlyStopping({ patience: 1 })] });
  expect(history).toHaveLength(2);
  expect(await fineTune(tinyModel(), { ...common(), store, callbacks: [bad, earlyStopping({ patience: 1 })] })).toHaveLength(2);
});

test('a class with weight 0 has no effect, and sample weights act in the same way', async () => {
  const options = { ...common(), stages: [{ unfreeze: ['predictions'], epochs: 1, learningRate: 0.1 }], optimizer: () => sgd() };
  const [byClass, bySample, all] = [tinyModel(), tinyModel(), tinyModel()];
  await fineTune(byClass, { ...options, classWeights: { 0: 0, 1: 1, 2: 2 } });
  const weighted = tinyData().map(({ xs, ys }) => ({ xs, ys, sampleWeights: tf.cast(ys, 'float32') }));
  await fineTune(bySample, { ...options, train: weighted });
  await fineTune(all, options);
  expect(await weightsOfAll(byClass)).toBeAllclose(await weightsOfAll(bySample));
  expect(await weightsOfAll(byClass)).not.toEqual(await weightsOfAll(all));
});

test('a run that is resumed after the last step of an epoch takes no further step in it', async () => {
  const store = memoryStore();
  const steps: number[] = [];
  const counting = callback({ onBatchEnd: (step) => void steps.push(step) });
  const stopped = callback({
    onEpochEnd: () => {
      throw new Error('killed');
    },
  });
  const endless = { ...common(), train: tinyData().repeat(), stepsPerEpoch: 2, stages: [{ unfreeze: 'all', epochs: 2 }] as const };
  await expect(
    fineTune(tinyModel(), { ...endless, store, checkpointEverySteps: 2, callbacks: [stopped], validation: undefined }),
  ).rejects.toThrow('killed');
  await fineTune(tinyModel(), { ...endless, store, checkpointEverySteps: 2, callbacks: [counting], validation: undefined });
  expect(steps).toEqual([0, 1]);
});

test('epochs have the requested number of steps', async () => {
  const counted: number[] = [];
  const counting = callback({
    onEpochBegin: () => void counted.push(0),
    onBatchEnd: () => {
      counted[counted.length - 1]! += 1;
    },
  });
  await fineTune(tinyModel(), {
    ...common(),
    train: tinyData().repeat(),
    stepsPerEpoch: 8,
    validationSteps: 1,
    initialEpoch: 1,
    callbacks: [counting],
  });
  expect(counted).toEqual([8, 8, 8]);
  await expect(fineTune(tinyModel(), { ...common(), stepsPerEpoch: 7 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected 7 batches per epoch, received 6. Repeat the data, or set fewer steps.]`,
  );
});

test('the error for numbers that are not finite names the step, and the last checkpoint remains valid', async () => {
  const store = memoryStore();
  const poisoned = tinyData(false).transform(async function* (batches) {
    let i = 0;
    for await (const batch of batches) yield i++ === 4 ? { ys: batch.ys, xs: tf.mul(batch.xs, NaN) } : batch;
  }, 6);
  await expect(
    fineTune(tinyModel(), { ...common(), train: poisoned, store, checkpointEverySteps: 2 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected finite numbers for \`xs\` at step 4 of epoch 0, received NaN or Infinity. The model keeps the weights of the previous step, and the last checkpoint remains valid. Look at that batch.]`,
  );
  const good = tinyModel();
  await fineTune(good, { ...common(), store });
  expect((await weightsOfAll(good)).every(Number.isFinite)).toBe(true);
});

test('errors of a loss, and of label vectors of another width in a later batch, name the step and leave no tensors behind', async () => {
  const model = tinyModel();
  const failing = (options: Partial<FineTuneOptions>) =>
    fineTune(model, { ...common(), metrics: [], ...options }).catch((error: unknown) => String(error));
  const loss = () => {
    throw new TypeError('no such column');
  };
  expect(await failing({ loss })).toMatchInlineSnapshot(
    `"OptionError: fineTune: expected losses [4] from \`loss\` at step 0 of epoch 0, but it threw: no such column."`,
  );
  const train = tinyData().transform(async function* (batches) {
    let i = 0;
    for await (const { xs, ys } of batches) yield { xs, ys: i++ < 2 ? ys : tf.oneHot(tf.cast(ys, 'int32'), 2) };
  }, 6);
  expect(await failing({ train })).toContain('for `train`, received [4, 2] at step 2 of epoch 0.');
  await expectNoLeak(async () => {
    await failing({ loss });
  });
});

test('leaves no tensors behind', async () => {
  await expectNoLeak(async () => {
    const model = tinyModel();
    await fineTune(model, { ...common(), store: memoryStore() });
    model.dispose();
  });
});
