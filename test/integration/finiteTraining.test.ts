// Numbers that are not finite never reach a weight: every way to train stops, names the place and leaves the model as it was.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { Dataset, type ImageBatch } from '../../src/data/index.js';
import { batchNormalization } from '../../src/layers/index.js';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import {
  adam,
  binaryCrossEntropy,
  callback,
  ema,
  fineTune,
  focalLoss,
  learningRateSchedule,
  rmsProp,
  sgd,
  softmaxCrossEntropy,
  terminateOnNaN,
  trainHead,
  type FineTuneOptions,
  type Loss,
  type NamedOptimizer,
  type TrainingBatch,
} from '../../src/training/index.js';
import { readCheckpoint } from '../../src/training/internal.js';
import { expectNoLeak } from '../support/leaks.js';
import { memoryStore } from '../support/memoryStore.js';
import { tinyData, tinyModel, weightsOfAll } from '../support/tinyTraining.js';
import { TRAINING_BACKENDS } from '../support/trainingBackends.js';

/** tinyData whose batch 2 (from 0) is changed; vectors for labels. */
const spoiled = (change: (batch: { xs: tf.Tensor; ys: tf.Tensor }) => TrainingBatch, at = 2): Dataset<TrainingBatch> =>
  tinyData(false).map((batch, { index }) => {
    const vectors = { xs: batch.xs, ys: tf.tidy(() => tf.cast(tf.oneHot(tf.cast(batch.ys, 'int32'), 3), 'float32')) };
    batch.ys.dispose();
    if (index !== at) return vectors;
    const changed = change(vectors);
    tf.dispose(
      Object.entries(vectors)
        .filter(([key, tensor]) => changed[key as 'xs'] !== tensor)
        .map(([, tensor]) => tensor),
    );
    return changed;
  });
const holding =
  (bad: number) =>
  ({ xs, ys }: { xs: tf.Tensor; ys: tf.Tensor }): TrainingBatch => ({
    xs: tf.tidy(() =>
      tf.add(
        xs,
        tf.tensor2d([
          [0, 0, 0, 0],
          [0, bad, 0, 0],
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ]),
      ),
    ),
    ys,
  });
/** A layer that hides NaN on wasm and Infinity everywhere. */
const lite = (): tfl.LayersModel =>
  efficientNet({ ...VARIANTS.lite0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 }, { classes: 3, inputSize: 32, seed: 1 });
const AS_IS = { inputSize: 32, fit: 'stretch' } as const;
const images = (bad: number, at = 1): Dataset<ImageBatch> =>
  Dataset.range(3).map((i) => ({
    xs: tf.tidy(() => tf.add<tf.Tensor4D>(tf.randomUniform([2, 32, 32, 3], 0, 255, 'float32', i + 1), i === at ? bad : 0)),
    ys: tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
    ]),
  }));

describe.each(TRAINING_BACKENDS)('on %s', (_, start) => {
  beforeAll(start);

  const losses: [string, tfl.LayersModel['layers'][number] | 'softmax' | 'sigmoid' | 'linear', Loss][] = [
    ['softmaxCrossEntropy', 'softmax', softmaxCrossEntropy()],
    ['softmaxCrossEntropy from logits', 'linear', softmaxCrossEntropy({ fromLogits: true, labelSmoothing: 0.1 })],
    ['binaryCrossEntropy', 'sigmoid', binaryCrossEntropy()],
    ['binaryCrossEntropy from logits', 'linear', binaryCrossEntropy({ fromLogits: true })],
    ['focalLoss', 'softmax', focalLoss()],
    ['focalLoss of targets from logits', 'linear', focalLoss({ kind: 'sigmoid', fromLogits: true })],
    [
      'a loss of the caller that hides NaN',
      'softmax',
      (labels, predictions) => tf.neg(tf.sum(tf.mul(labels, tf.log(tf.clipByValue(predictions, 1e-7, 1))), -1)),
    ],
  ];

  test('terminateOnNaN detects weights that an optimizer of TensorFlow.js made NaN, even if the loss is finite', async () => {
    const model = lite();
    model.compile({ optimizer: tf.train.sgd(0.01), loss: softmaxCrossEntropy() });
    const [xs, ys] = [
      tf.fill([2, 32, 32, 3], NaN),
      tf.tensor2d([
        [1, 0, 0],
        [0, 1, 0],
      ]),
    ];
    await expect(model.fit(xs, ys, { epochs: 2, verbose: 0, callbacks: [terminateOnNaN()] })).rejects.toThrow(
      /^terminateOnNaN: expected (a finite loss|finite weights), received .* at step 0 of epoch 0\./,
    );
    tf.dispose([xs, ys]);
  });

  test('a network with weights that are not finite is not trained, even if a layer hides them', async () => {
    const model = lite();
    const weight = model.weights.find(({ originalName }) => originalName === 'top_conv/kernel')!;
    tf.tidy(() => {
      weight.write(tf.fill(weight.shape as number[], NaN));
    });
    const message = "expected finite weights, received NaN or Infinity in 'top_conv/kernel'. Load them again before training.";
    await expect(
      fineTune(model, { train: images(0), stages: [{ unfreeze: ['predictions'], epochs: 1 }], preprocessing: AS_IS }),
    ).rejects.toThrow(`fineTune: ${message}`);
    await expect(trainHead(model, { classNames: ['a', 'b', 'c'], train: images(0), preprocessing: AS_IS })).rejects.toThrow(
      `trainHead: ${message}`,
    );
  });

  /** The tiny net with another last activation. */
  function netOf(activation: string): tfl.LayersModel {
    const model = tinyModel();
    const last = tfl.layers.dense({ units: 3, activation: activation as 'linear', name: 'predictions' });
    const net = tfl.model({ inputs: model.inputs, outputs: last.apply(model.getLayer('top_dropout').output) as tfl.SymbolicTensor });
    last.setWeights(model.getLayer('predictions').getWeights());
    return net;
  }

  test.each(losses)('fitDataset with %s reports epoch and step, and keeps weights and statistics', async (_name, activation, loss) => {
    const model = netOf(activation as string);
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss });
    const at: number[][] = [];
    const keep = callback({ onBatchEnd: async () => void at.push(await weightsOfAll(model)) });
    // A plain iterator, so that the batch is not refused before the step.
    const data = {
      size: 6,
      iterator: async () => {
        const items = await spoiled(holding(NaN)).toArray();
        let i = 0;
        return { next: () => Promise.resolve(i < items.length ? { value: items[i++], done: false } : { value: undefined, done: true }) };
      },
    };
    await expect(model.fitDataset(data as never, { epochs: 1, verbose: 0, callbacks: [keep, terminateOnNaN()] })).rejects.toThrow(
      /^fit: expected .* at step 2 of epoch 0\./,
    );
    expect(at).toHaveLength(2);
    expect(await weightsOfAll(model)).toEqual(at[1]);
  });

  test('fitDataset rejects a batch that is not finite before a layer can hide it', async () => {
    const model = lite();
    model.compile({ optimizer: sgd(), loss: softmaxCrossEntropy() });
    const before = await weightsOfAll(model);
    await expect(model.fitDataset(images(Infinity, 0), { epochs: 1, verbose: 0 })).rejects.toThrow(
      'Dataset: expected finite numbers for `xs` at step 0 of epoch 0, received NaN or Infinity. Look at that batch.',
    );
    await expect(model.evaluateDataset(images(NaN) as never, {})).rejects.toThrow('at step 1 of epoch 0');
    expect(await weightsOfAll(model)).toEqual(before);
    model.dispose();
  });

  test('fit without a callback reports the step of the optimizer, and continues with valid data', async () => {
    const model = tinyModel();
    const optimizer = adam();
    model.compile({ optimizer, loss: softmaxCrossEntropy() });
    const [good, bad] = [await spoiled((batch) => batch).toArray(), await spoiled(holding(Infinity), 0).toArray()];
    const fit = ({ xs, ys }: TrainingBatch) => model.fit(xs, ys, { epochs: 1, batchSize: 4, verbose: 0 });
    await fit(good[0]!);
    const before = await weightsOfAll(model);
    await expect(fit(bad[0]!)).rejects.toThrow(/^adam: expected .* at step 1 of this optimizer/);
    expect(await weightsOfAll(model)).toEqual(before);
    await fit(good[1]!);
    expect(await weightsOfAll(model)).not.toEqual(before);
    expect(optimizer.iterations).toBe(2);
  });

  test.each<[string, () => NamedOptimizer]>([
    ['clipValue', () => sgd({ clipValue: 1 })],
    ['clipNorm', () => sgd({ clipNorm: 1 })],
    ['globalClipNorm', () => sgd({ globalClipNorm: 1 })],
    ['accumulationSteps', () => adam({ accumulationSteps: 2 })],
    ['momentum', () => sgd({ momentum: 0.9 })],
    ['rmsProp', () => rmsProp({ centered: true })],
  ])('%s: a gradient that is not finite is refused', async (_name, make) => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const optimizer = make();
    for (const bad of [NaN, Infinity, -Infinity]) {
      const gradient = tf.tensor1d([0.1, bad, 0.2]);
      expect(() => {
        optimizer.applyGradients({ [variable.name]: gradient });
      }).toThrow(
        `expected finite gradients, received NaN or Infinity for '${variable.name.replace(/_\d+$/, '')}' at step 0 of this optimizer`,
      );
      gradient.dispose();
    }
    expect([...(await variable.data())]).toEqual([1, 2, 3]);
    const good = tf.tensor1d([0.1, 0.1, 0.1]);
    optimizer.applyGradients({ [variable.name]: good });
    optimizer.applyGradients({ [variable.name]: good });
    expect((await variable.data()).every((value, i) => value < i + 1)).toBe(true);
    tf.dispose([good, variable]);
    optimizer.dispose();
  });

  test('a squared gradient or a norm that overflows is rejected, because the weight would never change again', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const gradient = tf.tensor1d([1e25, 1]);
    expect(() => {
      adam().applyGradients({ [variable.name]: gradient });
    }).toThrow('expected a finite state of the optimizer');
    expect(() => {
      sgd({ globalClipNorm: 1 }).applyGradients({ [variable.name]: gradient });
    }).toThrow('at step 0 of this optimizer');
    sgd({ clipValue: 1, learningRate: 1 }).applyGradients({ [variable.name]: gradient });
    expect([...(await variable.data())]).toEqual([0, 1]);
    tf.dispose([gradient, variable]);
  });

  const common = (): FineTuneOptions => ({
    train: tinyData(false),
    optimizer: () => sgd(),
    stages: [{ unfreeze: 'all', epochs: 1, learningRate: 0.1, batchNorm: 'trained' }],
  });
  test.each<[string, Partial<FineTuneOptions>, RegExp]>([
    ['pixels', { train: spoiled(holding(NaN)) }, /^fineTune: expected finite numbers for `xs` at step 2 of epoch 0/],
    [
      'labels',
      {
        train: spoiled(({ xs, ys }) => ({ xs, ys: tf.mul(ys, NaN) })),
        loss: (labels, predictions) => tf.sum(tf.squaredDifference(labels, predictions), -1),
        metrics: [],
      },
      /^fineTune: expected finite numbers for `ys` at step 2 of epoch 0/,
    ],
    [
      'sample weights',
      { train: spoiled((batch) => ({ ...batch, sampleWeights: tf.tensor1d([1, 1, NaN, 1]) })) },
      /^fineTune: expected finite numbers for `sampleWeights` at step 2 of epoch 0/,
    ],
    [
      'a loss',
      {
        loss: (() => {
          let calls = 0;
          return (labels, predictions) => tf.mul(softmaxCrossEntropy()(labels, predictions), ++calls > 2 ? Infinity : 1);
        })(),
      },
      /^fineTune: expected a finite loss, received Infinity at step 2 of epoch 0\./,
    ],
    [
      'a rate',
      { stages: [{ unfreeze: 'all', epochs: 1, learningRate: (step) => (step === 2 ? NaN : 0.1), batchNorm: 'trained' }] },
      /^fineTune: expected a learning rate of at least 0 at step 2 of epoch 0 \(update 2\), received NaN\. Check the schedule\./,
    ],
    [
      'what too large a rate leads to',
      {
        stages: [{ unfreeze: 'all', epochs: 1, learningRate: (step) => (step === 1 ? 3e38 : 0.1), batchNorm: 'trained' }],
        optimizer: () => sgd({ momentum: 0.9 }),
      },
      /^fineTune: expected (a )?finite .* at step 2 of epoch 0/,
    ],
  ])(
    'fineTune refuses %s when not finite, and keeps the weights, the store and the averages of the previous step',
    async (_name, options, message) => {
      const model = tinyModel();
      const store = memoryStore();
      const average = ema();
      const at: [number[], Uint8Array | undefined][] = [];
      const keep = callback({ onBatchEnd: async () => void at.push([await weightsOfAll(model), store.bytes]) });
      await expect(
        fineTune(model, { ...common(), store, checkpointEverySteps: 1, callbacks: [keep, average], ...options }),
      ).rejects.toThrow(message);
      expect(at).toHaveLength(2);
      expect(await weightsOfAll(model)).toEqual(at[1]![0]);
      expect([...(await average.weights()).values()].every((array) => array.values().every(Number.isFinite))).toBe(true);
      average.dispose();
      const { weights, optimizer } = readCheckpoint(store.bytes as Uint8Array);
      expect([...weights.values(), ...optimizer.values()].every((array) => array.values().every(Number.isFinite))).toBe(true);
    },
  );

  test('fineTune reports the validation batch that is not finite', async () => {
    await expect(fineTune(tinyModel(), { ...common(), validation: spoiled(holding(NaN), 1) })).rejects.toThrow(
      'fineTune: expected finite numbers for `xs` at validation step 1 after epoch 0',
    );
    const model = lite();
    await expect(
      fineTune(model, {
        train: images(0),
        validation: images(Infinity),
        stages: [{ unfreeze: ['predictions'], epochs: 1 }],
        preprocessing: AS_IS,
      }),
    ).rejects.toThrow('at validation step 1 after epoch 0');
    await expect(
      fineTune(model, { train: images(NaN), stages: [{ unfreeze: ['predictions'], epochs: 1 }], preprocessing: AS_IS }),
    ).rejects.toThrow('fineTune: expected finite numbers for `xs` at step 1 of epoch 0');
    model.dispose();
  });

  test('trainHead reports epoch and step, with its own features and with a runtime that hides NaN', async () => {
    const backbone = lite();
    const options = { classNames: ['a', 'b', 'c'], seed: 1, epochs: 2, preprocessing: AS_IS };
    const before = await weightsOfAll(backbone);
    for (const bad of [NaN, Infinity]) {
      await expect(trainHead(backbone, { ...options, train: images(bad) })).rejects.toThrow(
        'trainHead: expected finite pixels at step 1 of epoch 0, in the training features, received NaN or Infinity.',
      );
    }
    await expect(trainHead(backbone, { ...options, train: images(0), validation: images(NaN) })).rejects.toThrow(
      'at step 1 of epoch 0, in the validation features',
    );
    const runtime = (value: number) => () =>
      Promise.resolve({ predict: (xs: tf.Tensor) => tf.fill([xs.shape[0], 4], value), dispose: () => undefined });
    await expect(trainHead(backbone, { ...options, train: images(NaN), runtime: runtime(1) })).rejects.toThrow(
      'trainHead: expected finite pixels at step 1 of epoch 0',
    );
    await expect(trainHead(backbone, { ...options, train: images(0), runtime: runtime(NaN) })).rejects.toThrow(
      'trainHead: expected finite features at step 0 of epoch 0',
    );
    // Equal features are centered to 0. Not centered, they are too large for the loss.
    const large = { ...options, train: images(0), runtime: runtime(3e38), normalizeFeatures: false };
    await expect(trainHead(backbone, large)).rejects.toThrow(
      /^trainHead: expected (a )?finite .* at step \d of epoch 0\. The backbone remains unchanged\./,
    );
    expect(await weightsOfAll(backbone)).toEqual(before);
    backbone.dispose();
  });

  test('val_loss of fit is NaN if the predictions are, and metrics do not prevent a step from being rejected', async () => {
    const model = tinyModel();
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: softmaxCrossEntropy() });
    const [good, bad] = [(await spoiled((batch) => batch).toArray())[0]!, (await spoiled(holding(NaN), 0).toArray())[0]!];
    const { history } = await model.fit(good.xs, good.ys, { epochs: 1, verbose: 0, validationData: [bad.xs, bad.ys] });
    expect(history['val_loss']![0]).toBeNaN();
  });

  test('a rejected step leaves no tensors', async () => {
    const model = tinyModel();
    model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
    const bad = (await spoiled(holding(NaN), 0).toArray())[0]!;
    await expectNoLeak(async () => {
      const average = ema();
      await expect(fineTune(model, { ...common(), train: spoiled(holding(NaN)), callbacks: [average] })).rejects.toThrow(
        'step 2 of epoch 0',
      );
      average.dispose();
    });
    model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
    const step = (): tf.Scalar | null =>
      (model.optimizer as NamedOptimizer).minimize(
        () => tf.tidy(() => tf.mean(softmaxCrossEntropy()(bad.ys, model.apply(bad.xs, { training: true }) as tf.Tensor))),
        true,
      );
    await expectNoLeak(() => {
      expect(step).toThrow('at step 0 of this optimizer');
    });
    await expectNoLeak(() => {
      tf.tidy(() => {
        (model.optimizer as NamedOptimizer).minimize(() =>
          tf.mean(softmaxCrossEntropy()(bad.ys, model.apply(tf.ones([4, 4]), { training: true }) as tf.Tensor)),
        );
      });
    });
  });

  test('a learning rate that is not a number is rejected when it is set', async () => {
    const model = tinyModel();
    model.compile({ optimizer: tf.train.sgd(0.1), loss: softmaxCrossEntropy() });
    await expect(
      model.fitDataset(tinyData(), {
        epochs: 2,
        verbose: 0,
        callbacks: [learningRateSchedule((step) => (step === 7 ? NaN : 0.1), { logEverySteps: 0 })],
      }),
    ).rejects.toThrow(
      'learningRateSchedule: expected a learning rate of at least 0 at step 1 of epoch 1 (update 7), received NaN. Check the schedule.',
    );
    const optimizer = sgd({ rateOf: () => NaN });
    const variable = tf.variable(tf.scalar(1));
    expect(() => {
      optimizer.applyGradients({ [variable.name]: tf.scalar(1) });
    }).toThrow(/^sgd: expected a learning rate of at least 0 for '.*' at update 0, received NaN\. Check the schedule and `rateOf`\./);
  });

  test('the statistics of a stock BatchNormalization are restored as well', async () => {
    const input = tfl.input({ shape: [4] });
    const parts = [tfl.layers.batchNormalization(), batchNormalization(), tfl.layers.dense({ units: 3, activation: 'softmax' })];
    const model = tfl.model({
      inputs: input,
      outputs: parts.reduce<tfl.SymbolicTensor>((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input),
    });
    model.compile({ optimizer: sgd(), loss: softmaxCrossEntropy() });
    const before = await weightsOfAll(model);
    const bad = (await spoiled(holding(NaN), 0).toArray())[0]!;
    await expect(model.fit(bad.xs, bad.ys, { verbose: 0, epochs: 1 })).rejects.toThrow('sgd: expected');
    // Labels out of range are found after the forward pass.
    await expect(model.fit(tf.ones([4, 4]), tf.mul(bad.ys, 2), { verbose: 0, epochs: 1 })).rejects.toThrow(
      'softmaxCrossEntropy: expected labels in [0, 1], received 2 at step 0 of this optimizer.',
    );
    expect(await weightsOfAll(model)).toEqual(before);
  });
});
