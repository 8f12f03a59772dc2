import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import {
  adam,
  freeze,
  freezeExceptBatchNorm,
  freezeUpTo,
  inferenceMode,
  softmaxCrossEntropy,
  trainableSummary,
  unfreeze,
  unfreezeExceptBatchNorm,
} from '../../src/training/index.js';
import { tinyModel } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const SMALL = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 };
const small = (): tfl.LayersModel => efficientNet(SMALL, { classes: 5 });
const frozen = (model: tfl.LayersModel): string[] =>
  model.layers.filter((layer) => layer.weights.length > 0 && !layer.trainable).map(({ name }) => name);

test('freezeExceptBatchNorm keeps every BatchNormalization trainable', () => {
  const model = small();
  freezeExceptBatchNorm(model);
  const names = frozen(model);
  expect(names.filter((name) => name.endsWith('bn'))).toEqual([]);
  expect(names).toHaveLength(model.layers.filter((layer) => layer.weights.length > 0 && !layer.name.endsWith('bn')).length);
});

test('unfreezeExceptBatchNorm freezes BatchNormalization among the unfrozen layers', () => {
  const model = small();
  freezeUpTo(model, model.layers.length);
  unfreezeExceptBatchNorm(model, ['block7', 'predictions']);
  const learning = model.layers.filter((layer) => layer.weights.length > 0 && layer.trainable).map(({ name }) => name);
  expect(learning).toEqual([
    'block7a_expand_conv',
    'block7a_dwconv',
    'block7a_se_reduce',
    'block7a_se_expand',
    'block7a_project_conv',
    'predictions',
  ]);
});

test('freezeUpTo freezes the layers before the cut and leaves the others unchanged', () => {
  const [byName, byIndex] = [small(), small()];
  freezeUpTo(byName, 'block6a');
  const names = frozen(byName);
  expect(names.some((name) => name.startsWith('block5'))).toBe(true);
  expect(names.filter((name) => /^(block[67]|top|predictions)/.test(name))).toEqual([]);
  freezeUpTo(
    byIndex,
    byIndex.layers.findIndex(({ name }) => name.startsWith('block6a')),
  );
  expect(frozen(byIndex)).toEqual(names);
  freezeUpTo(byIndex, 0);
  expect(frozen(byIndex)).toEqual(names);
  expect(() => {
    freezeUpTo(byName, 'block9');
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: freezeUpTo: expected names of the model's layers, blocks or stages for \`cut\`, received 'block9'. describePlan(planOf(model)) lists them.]`,
  );
  expect(() => {
    freezeUpTo(tinyModel(), 99);
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: freezeUpTo: expected an integer in [0, 6], the layers of 'tiny' for \`cut\`, received 99.]`,
  );
});

test('{ from } selects a part and everything after it', () => {
  const model = small();
  freeze(model);
  unfreeze(model, { from: 'block6a' });
  const other = small();
  freezeUpTo(other, 'block6a');
  expect(frozen(model)).toEqual(frozen(other));
  expect(() => {
    unfreeze(model, { from: 'block9' });
  }).toThrow("received 'block9'");
  expect(() => {
    unfreeze(model, { form: 'block6a' } as never);
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: unfreeze: expected an array, each a non-empty string or { from: NAME } or a function for \`selector\`, received { form }.]`,
  );
});

test('trainableSummary counts parameters by stage and layer', () => {
  const model = tinyModel();
  freezeUpTo(model, 'predictions');
  // Dense 4 x 6 + 6, BatchNormalization 4 x 6, classifier 6 x 3 + 3.
  expect(trainableSummary(model)).toEqual({
    trainable: 21,
    frozen: 54,
    stages: [
      { name: 'block1', trainable: 0, frozen: 54 },
      { name: 'head', trainable: 21, frozen: 0 },
    ],
    layers: [
      { name: 'block1a_dense', trainable: 0, frozen: 30 },
      { name: 'block1a_bn', trainable: 0, frozen: 24 },
      { name: 'predictions', trainable: 21, frozen: 0 },
    ],
  });
  expect(trainableSummary(small()).stages.map(({ name }) => name)).toEqual([
    'stem',
    'block1',
    'block2',
    'block3',
    'block4',
    'block5',
    'block6',
    'block7',
    'top',
    'head',
  ]);
});

test('in inference mode gamma trains, moving statistics stay the same and dropout drops nothing', async () => {
  const model = tinyModel();
  inferenceMode(model);
  model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  const x = tf.tensor2d([
    [1, 2, 3, 4],
    [2, 0, 1, 1],
  ]);
  const trained = model.apply(x, { training: true }) as tf.Tensor;
  expect(await trained.data()).toEqual(await (model.predict(x) as tf.Tensor).data());
  const normalization = (): Promise<ArrayLike<number>[]> =>
    Promise.all(
      model
        .getLayer('block1a_bn')
        .getWeights()
        .map(async (weight) => [...(await weight.data())]),
    );
  const before = await normalization();
  await model.trainOnBatch(
    x,
    tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
    ]),
  );
  const after = await normalization();
  expect(after.slice(2)).toEqual(before.slice(2));
  expect(after[0]).not.toEqual(before[0]);
  inferenceMode(model, undefined, false);
  await model.trainOnBatch(
    x,
    tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
    ]),
  );
  expect((await normalization())[2]).not.toEqual(before[2]);
});

test('inferenceMode refuses a stock layer', () => {
  const model = tfl.sequential({ layers: [tfl.layers.batchNormalization({ inputShape: [3], name: 'stock' })] });
  expect(() => {
    inferenceMode(model);
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: inferenceMode: expected this library's layers, received the stock BatchNormalization at 'stock'. Build it with batchNormalization() or dropout().]`,
  );
});
