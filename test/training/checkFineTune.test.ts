// The checks of fineTune before training begins.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import {
  accuracy,
  adam,
  adamW,
  earlyStopping,
  f1,
  fineTune,
  softmaxCrossEntropy,
  topK,
  warmupCosine,
  type FineTuneOptions,
} from '../../src/training/index.js';
import { memoryStore } from '../support/memoryStore.js';
import { tinyData, tinyModel, weightsOfAll } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const common = (): FineTuneOptions => ({
  train: tinyData(),
  validation: tinyData(false),
  stages: [
    { unfreeze: ['predictions'], epochs: 2, learningRate: 0.05 },
    { unfreeze: 'all', epochs: 2, batchNorm: 'trained' },
  ],
  metrics: [accuracy(), f1()],
  optimizer: () => adamW(),
});

test('refuses invalid options and labels', async () => {
  const model = tinyModel();
  const run = (options: Partial<FineTuneOptions>) => fineTune(model, { ...common(), ...options });
  await expect(run({ classWeights: { 3: 1 } })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected classes of the model, in [0, 3) for \`classWeights\`, received '3'.]`,
  );
  await expect(run({ classWeights: { 0: 1, 2: 1 } })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a weight for each of the 3 classes of the model for \`classWeights\`, received { 0, 2 }. Class 1 has none.]`,
  );
  await expect(run({ initialEpoch: 4 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected less than the 4 epochs of all stages for \`initialEpoch\`, received 4.]`,
  );
  await expect(run({ checkpointEverySteps: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected nothing without \`store\` for \`checkpointEverySteps\`, received 2.]`,
  );
  await expect(run({ metrics: [topK(5)] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected metrics for at most 3 classes, as many as the model has for \`metrics\`, received 'top5'.]`,
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
  const beyond = tinyData().map(({ xs, ys }) => ({ xs, ys: tf.add(ys, 1) }));
  await expect(run({ train: beyond })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected labels in [0, 3), one of the model's 3 classes, received 3 at step 0 of epoch 0.]`,
  );
  const wide = tinyData().map(({ xs, ys }) => ({ xs, ys: tf.oneHot(tf.cast(ys, 'int32'), 5) }));
  await expect(run({ train: wide })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fineTune: expected labels [batch] or [batch, 3] for \`train\`, received [4, 5]. ` +
      `Give the model as many outputs as there are classes, for example with \`replaceHead\`.]`,
  );
  const store = memoryStore();
  await fineTune(tinyModel(), { ...common(), store });
  await expect(run({ store, stages: [{ unfreeze: 'all', epochs: 9 }] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected \`stages\` like those of the run in \`store\`, [2 epochs, 2 epochs], received [9 epochs]. Use another store for a new run.]`,
  );
  await expect(run({ train: Dataset.from([]) })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected at least one batch per epoch, received 0. Repeat the data, or set fewer steps.]`,
  );
});

test('refuses endless data unless the number of steps is given', async () => {
  const refusal = (options: Partial<FineTuneOptions>) =>
    fineTune(tinyModel(), { ...common(), ...options }).catch((error: unknown) => String(error));
  const endless = tinyData().repeat();
  expect(await refusal({ train: endless })).toMatchInlineSnapshot(
    `"OptionError: fineTune: expected a dataset that ends for \`train\`, received an instance of Dataset. Set \`stepsPerEpoch\`, or limit the dataset: \`dataset.take(n)\`."`,
  );
  expect(await refusal({ validation: endless })).toContain('Set `validationSteps`');
  expect(await refusal({ stages: [{ unfreeze: 'all', epochs: 1, train: endless }] })).toContain('for `stages[0].train`');
  expect(await fineTune(tinyModel(), { ...common(), validation: endless, validationSteps: 2 })).toHaveLength(4);
});

test('refuses an optimizer that is shared between stages or runs, before anything changes', async () => {
  const model = tinyModel();
  const before = await weightsOfAll(model);
  const shared = adam();
  await expect(fineTune(model, { ...common(), optimizer: () => shared })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a function that returns a new optimizer for each stage for \`optimizer\`, received function optimizer. It returned one that is already in use. Create it within the function: \`() => adam()\`.]`,
  );
  expect(await weightsOfAll(model)).toEqual(before);
  const single = { ...common(), stages: [{ unfreeze: 'all' as const, epochs: 1 }], optimizer: () => shared };
  await fineTune(model, single);
  const trained = await weightsOfAll(model);
  await expect(fineTune(model, single)).rejects.toThrow(
    'It returned one that is already in use. Create it within the function: `() => adam()`.',
  );
  expect(await weightsOfAll(model)).toEqual(trained);
  await expect(fineTune(model, { ...common(), optimizer: adam() as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a function that returns an optimizer for \`optimizer\`, received an instance of NamedOptimizer. Pass a function that creates it: \`() => adam()\`.]`,
  );
});

test('says to call functions that create metrics, losses, schedules and callbacks', async () => {
  const run = (options: Partial<FineTuneOptions>) => fineTune(tinyModel(), { ...common(), ...options });
  await expect(run({ metrics: [accuracy(), topK as never] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a metric such as accuracy() for \`metrics[1]\`, received function topK. Call it: \`topK(5)\`.]`,
  );
  await expect(run({ callbacks: [earlyStopping as never] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected an array, each a callback of this library, such as callback() returns for \`callbacks\`, received [function earlyStopping]. Call it: \`earlyStopping(...)\`.]`,
  );
  await expect(run({ loss: softmaxCrossEntropy as never })).rejects.toThrow(
    'fineTune: expected a loss for `loss`, received function softmaxCrossEntropy. Call it: `softmaxCrossEntropy()`.',
  );
  await expect(run({ stages: [{ unfreeze: 'all', epochs: 1, learningRate: warmupCosine as never }] })).rejects.toThrow(
    'for `stages[0].learningRate`, received function warmupCosine. Call it: `warmupCosine({ ... })`.',
  );
});

test('says how to make batches of the images of a folder', async () => {
  const images = Dataset.from([1]);
  const run = (train: unknown) => fineTune(tinyModel(), { ...common(), train: train as never });
  await expect(run({ images, classNames: [] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a Dataset of { xs, ys } for \`train\`, received { images, classNames }. Pass its \`images\` in batches: \`imageBatches(folder.images)\`.]`,
  );
  await expect(run({ train: { images }, validation: { images } })).rejects.toThrow('`imageBatches(folder.train.images)`');
});
