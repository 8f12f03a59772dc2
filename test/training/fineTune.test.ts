import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import {
  adamW,
  callback,
  earlyStopping,
  ema,
  f1,
  fineTune,
  sgd,
  softmaxCrossEntropy,
  topK,
  warmupCosine,
  accuracy,
  type CheckpointStore,
  type FineTuneOptions,
} from '../../src/training/index.js';
import { expectNoLeak } from '../support/leaks.js';
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

function memory(): CheckpointStore & { content: Uint8Array | undefined } {
  const made = {
    content: undefined as Uint8Array | undefined,
    read: () => Promise.resolve(made.content),
    write: (bytes: Uint8Array) => {
      made.content = bytes.slice();
      return Promise.resolve();
    },
  };
  return made;
}

const weightsOf = async (model: LayersModel, layer: string): Promise<number[][]> =>
  Promise.all(
    model
      .getLayer(layer)
      .getWeights()
      .map(async (weight) => [...(await weight.data())]),
  );

test('each stage trains its own layers; frozen statistics stay bit by bit', async () => {
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

test('it learns', async () => {
  const history = await fineTune(tinyModel(), {
    ...common(),
    stages: [{ unfreeze: 'all', epochs: 20, learningRate: 0.05, batchNorm: 'trained' }],
  });
  expect(history.at(-1)!.val_accuracy).toBeGreaterThan(0.8);
});

test('its steps are those of model.fitDataset', async () => {
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

// Twenty-four steps in four epochs of two stages; cut at the start, within epochs, between stages and at the end.
test('a run cut at any step, and resumed in a new model, ends as an uninterrupted one', async () => {
  const callbacks = () => [ema({ decay: 0.9 }), earlyStopping({ patience: 9 })] as const;
  const whole = tinyModel(3);
  const [average, stopping] = callbacks();
  const history = await fineTune(whole, { ...common(), callbacks: [average, stopping] });
  const expected = await weightsOfAll(whole);
  for (const cut of [0, 3, 5, 11, 12, 16, 23]) {
    const store = memory();
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

test('a finished run is not trained again', async () => {
  const store = memory();
  const model = tinyModel();
  await fineTune(model, { ...common(), store });
  const before = await weightsOfAll(model);
  const again = tinyModel();
  expect(await fineTune(again, { ...common(), store })).toHaveLength(4);
  expect(await weightsOfAll(again)).toEqual(before);
});

test('an early stop ends all stages, and stays an end', async () => {
  const store = memory();
  const bad = callback({ onEpochEnd: (epoch) => ({ val_loss: epoch }) });
  const history = await fineTune(tinyModel(), { ...common(), store, callbacks: [bad, earlyStopping({ patience: 1 })] });
  expect(history).toHaveLength(2);
  expect(await fineTune(tinyModel(), { ...common(), store, callbacks: [bad, earlyStopping({ patience: 1 })] })).toHaveLength(2);
});

test('a class of weight 0 teaches nothing, and sample weights act alike', async () => {
  const options = { ...common(), stages: [{ unfreeze: ['predictions'], epochs: 1, learningRate: 0.1 }], optimizer: () => sgd() };
  const [byClass, bySample, all] = [tinyModel(), tinyModel(), tinyModel()];
  await fineTune(byClass, { ...options, classWeights: { 0: 0, 1: 1, 2: 2 } });
  const weighted = tinyData().map(({ xs, ys }) => ({ xs, ys, sampleWeights: tf.cast(ys, 'float32') }));
  await fineTune(bySample, { ...options, train: weighted });
  await fineTune(all, options);
  expect(await weightsOfAll(byClass)).toBeAllclose(await weightsOfAll(bySample));
  expect(await weightsOfAll(byClass)).not.toEqual(await weightsOfAll(all));
});

test('epochs have the steps asked for', async () => {
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
    `[DataError: fineTune: expected 7 batches per epoch, received 6. Repeat the data, or ask for fewer steps.]`,
  );
});

test('a loss that is no number is named by its step, and the last checkpoint stays', async () => {
  const store = memory();
  const poisoned = tinyData(false).transform(async function* (batches) {
    let i = 0;
    for await (const batch of batches) yield i++ === 4 ? { ys: batch.ys, xs: tf.mul(batch.xs, NaN) } : batch;
  }, 6);
  await expect(
    fineTune(tinyModel(), { ...common(), train: poisoned, store, checkpointEverySteps: 2 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected finite numbers for \`xs\` at step 4 of epoch 0, received NaN or Infinity. The model keeps the weights of the step before, and the last checkpoint stays. Look at that batch.]`,
  );
  const good = tinyModel();
  await fineTune(good, { ...common(), store });
  expect((await weightsOfAll(good)).every(Number.isFinite)).toBe(true);
});

test('impossible options and labels are refused', async () => {
  const model = tinyModel();
  const run = (options: Partial<FineTuneOptions>) => fineTune(model, { ...common(), ...options });
  await expect(run({ classWeights: { 3: 1 } })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected classes in [0, 3), those of the model for \`classWeights\`, received '3'.]`,
  );
  await expect(run({ classWeights: { 0: 1, 2: 1 } })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a weight for each of the 3 classes of the model for \`classWeights\`, received { 0, 2 }. Class 1 has none.]`,
  );
  await expect(run({ initialEpoch: 4 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected fewer epochs than the 4 of all stages for \`initialEpoch\`, received 4.]`,
  );
  await expect(run({ checkpointEverySteps: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected nothing without \`store\` for \`checkpointEverySteps\`, received 2.]`,
  );
  await expect(run({ metrics: [topK(5)] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected metrics of at most 3 classes, as many as the model has for \`metrics\`, received 'top5'.]`,
  );
  await expect(run({ stages: [] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected at least one stage for \`stages\`, received [].]`,
  );
  await expect(run({ stages: [{ unfreeze: ['block9'], epochs: 1 }] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected names of the model's layers, blocks or stages for \`stages[0].unfreeze\`, received 'block9'. describePlan(planOf(model)) lists them.]`,
  );
  await expect(run({ stages: [{ unfreeze: ['top_dropout'], epochs: 1 }] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected layers with weights that can train for \`stages[0].unfreeze\`, received ['top_dropout'].]`,
  );
  await expect(run({ callbacks: [{ onEpochEnd: () => undefined }] as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected an array, each a callback of this library, such as callback() returns for \`callbacks\`, received [{ onEpochEnd }].]`,
  );
  await expect(run({ metrics: [accuracy(), topK] as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected an array, each a metric such as accuracy() for \`metrics\`, received [function accuracy, function topK]. Call it: \`topK()\`.]`,
  );
  await expect(run({ callbacks: [earlyStopping] as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected an array, each a callback of this library, such as callback() returns for \`callbacks\`, received [function earlyStopping]. Call it: \`earlyStopping()\`.]`,
  );
  await expect(run({ loss: softmaxCrossEntropy as never })).rejects.toThrow(
    'fineTune: expected a loss for `loss`, received function softmaxCrossEntropy. Call it: `softmaxCrossEntropy()`.',
  );
  await expect(run({ stages: [{ unfreeze: 'all', epochs: 1, learningRate: warmupCosine as never }] })).rejects.toThrow(
    'for `stages[0].learningRate`, received function warmupCosine. Call it: `warmupCosine({ ... })`.',
  );
  const beyond = tinyData().map(({ xs, ys }) => ({ xs, ys: tf.add(ys, 1) }));
  await expect(run({ train: beyond })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected labels in [0, 3), one of the model's 3 classes, received 3 at step 0 of epoch 0.]`,
  );
  const wide = tinyData().map(({ xs, ys }) => ({ xs, ys: tf.oneHot(tf.cast(ys, 'int32'), 5) }));
  await expect(run({ train: wide })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fineTune: expected labels [4] or [4, 3] for \`train\`, one value per output of the model, received [4, 5]. ` +
      `Give the model as many outputs as there are classes, for example with \`replaceHead\`.]`,
  );
  const store = memory();
  await fineTune(tinyModel(), { ...common(), store });
  await expect(run({ store, stages: [{ unfreeze: 'all', epochs: 9 }] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected \`stages\` like those of the run in \`store\`, [2 epochs, 2 epochs], received [9 epochs]. Give a new run a store of its own.]`,
  );
  await expect(run({ train: Dataset.from([]) })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected at least one batch per epoch, received 0. Repeat the data, or ask for fewer steps.]`,
  );
});

test('a loss that throws, and labels that are too wide in a later batch, are told with the step and leave no tensor', async () => {
  const model = tinyModel();
  const failing = (options: Partial<FineTuneOptions>) =>
    fineTune(model, { ...common(), metrics: [], ...options }).catch((error: unknown) => String(error));
  const loss = () => {
    throw new TypeError('no such column');
  };
  expect(await failing({ loss })).toMatchInlineSnapshot(
    `"OptionError: fineTune: expected losses [4] from \`loss\` at step 0 of epoch 0, it threw: no such column."`,
  );
  const train = tinyData().transform(async function* (batches) {
    let i = 0;
    for await (const { xs, ys } of batches) yield { xs, ys: i++ < 2 ? ys : tf.oneHot(tf.cast(ys, 'int32'), 2) };
  }, 6);
  expect(await failing({ train })).toContain('for `train`, one value per output of the model, received [4, 2] at step 2 of epoch 0.');
  await expectNoLeak(async () => {
    await failing({ loss });
  });
});

test('data without end are refused unless the steps are counted', async () => {
  const refusal = (options: Partial<FineTuneOptions>) =>
    fineTune(tinyModel(), { ...common(), ...options }).catch((error: unknown) => String(error));
  const endless = tinyData().repeat();
  expect(await refusal({ train: endless })).toMatchInlineSnapshot(
    `"OptionError: fineTune: expected a dataset that ends for \`train\`, received an instance of Dataset. ` +
      `Set \`stepsPerEpoch\`, or take a part of it: \`dataset.take(n)\`."`,
  );
  expect(await refusal({ validation: endless })).toContain('Set `validationSteps`');
  expect(await refusal({ stages: [{ unfreeze: 'all', epochs: 1, train: endless }] })).toContain('for `stages[0].train`');
  expect(await fineTune(tinyModel(), { ...common(), validation: endless, validationSteps: 2 })).toHaveLength(4);
});

test('it keeps no tensor', async () => {
  await expectNoLeak(async () => {
    const model = tinyModel();
    await fineTune(model, { ...common(), store: memory() });
    model.dispose();
  });
});
