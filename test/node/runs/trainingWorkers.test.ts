// The threads run the built package: `npm test` builds it first.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { efficientNet } from '../../../src/models/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { trainingWorkers } from '../../../src/node/runs/index.js';
import { createRuntime } from '../../../src/onnx/index.js';
import {
  adamW,
  callback,
  fineTune,
  focalLoss,
  sgd,
  softmaxCrossEntropy,
  type EpochMetrics,
  type FineTuneOptions,
  type Loss,
  type TrainingWorkers,
} from '../../../src/training/index.js';
import { fillModel } from '../../support/fillModel.js';
import { expectNoLeak } from '../../support/leaks.js';
import { memoryStore } from '../../support/memoryStore.js';
import { SMALL, smallImages } from '../../support/smallImages.js';
import { TINY } from '../../support/tinyNetworks.js';
import { weightsOfAll } from '../../support/tinyTraining.js';

const SIZE = SMALL;
let two: TrainingWorkers;

beforeAll(async () => {
  await selectBackend(['wasm'], { gradients: true });
  two = trainingWorkers({ threads: 2 });
});
afterAll(() => two.dispose());

const build = (): tfl.LayersModel => {
  const model = efficientNet({ ...TINY, inputSize: SIZE }, { classes: 3, dropoutRate: 0.2, seed: 1 });
  fillModel(model, 2);
  return model;
};

/** Eleven images in batches of 4, 4 and 3. */
const images = (change?: (pixels: Float32Array) => void): FineTuneOptions['train'] =>
  smallImages('threads/x', 11, change).map(({ rows, xs, ys }) => ({ xs, ys, sampleWeights: tf.tensor1d(rows.map((i) => 1 + (i % 2))) }));

const options = (more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  train: images(),
  stages: [{ unfreeze: 'all', epochs: 3 }],
  optimizer: () => sgd({ learningRate: 0.01, momentum: 0.9 }),
  loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }),
  classWeights: { 0: 1, 1: 2, 2: 0.5 },
  preprocessing: { inputSize: [SIZE, SIZE], fit: 'stretch', interpolation: 'bilinear' },
  ...more,
});

async function losses(more: Partial<FineTuneOptions> = {}): Promise<{ losses: number[]; weights: number[] }> {
  const model = build();
  const all: number[] = [];
  await fineTune(model, options({ callbacks: [callback({ onBatchEnd: (_, { loss }) => void all.push(loss as number) })], ...more }));
  const weights = await weightsOfAll(model);
  model.dispose();
  return { losses: all, weights };
}

const largest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test.each([
  ['everything, with dropout and stochastic depth', {}],
  ['focal loss', { loss: focalLoss({ gamma: 1 }) }],
  ['a frozen part in ONNX Runtime', { stages: [{ unfreeze: { from: 'block5a' }, epochs: 3 }], runtime: createRuntime }],
] as [string, Partial<FineTuneOptions>][])('%s: threads change nothing but rounding', async (_, more) => {
  const alone = await losses(more);
  expect(alone.losses).toHaveLength(9);
  for (const threads of [1, 2, 5]) {
    const workers = trainingWorkers({ threads });
    const shared = await losses({ ...more, workers });
    await workers.dispose();
    expect(largest(alone.losses, shared.losses)).toBeLessThan(1e-5);
    expect(largest(alone.weights, shared.weights)).toBeLessThan(1e-4);
  }
});

test('twenty steps of gradient descent with dropout: 1, 2 and 3 threads have the same losses', async () => {
  const more: Partial<FineTuneOptions> = { stages: [{ unfreeze: 'all', epochs: 7 }], optimizer: () => sgd({ learningRate: 0.01 }) };
  const all: number[][] = [];
  for (const threads of [1, 2, 3]) {
    const workers = trainingWorkers({ threads });
    all.push((await losses({ ...more, workers })).losses.slice(0, 20));
    await workers.dispose();
  }
  const [one, two, three] = all as [number[], number[], number[]];
  expect(one).toHaveLength(20);
  expect(largest(one, two)).toBeLessThan(1e-5);
  expect(largest(one, three)).toBeLessThan(1e-5);
});

test('stages, metrics and AdamW: the history is that of one thread', async () => {
  const stages = [
    { unfreeze: ['predictions'], epochs: 1 },
    { unfreeze: { from: 'block6a' }, epochs: 1 },
  ];
  const run = async (workers?: TrainingWorkers): Promise<readonly EpochMetrics[]> => {
    const model = build();
    const history = await fineTune(
      model,
      options({ stages, workers, validation: images(), optimizer: () => adamW({ learningRate: 1e-3 }) }),
    );
    model.dispose();
    return history;
  };
  const [alone, shared] = [await run(), await run(two)];
  // Adam divides small gradients by their size, which enlarges differences of rounding.
  alone.forEach((epoch, i) => {
    expect(Math.abs(shared[i]!.loss - epoch.loss)).toBeLessThan(1e-3);
    expect(shared[i]!.accuracy).toBe(epoch.accuracy);
    expect(Math.abs(shared[i]!.val_loss! - epoch.val_loss!)).toBeLessThan(1e-3);
    expect(shared[i]!.val_accuracy).toBe(epoch.val_accuracy);
  });
});

test('validation runs in the threads, with the weights that a callback sets', async () => {
  const rows: number[] = [];
  const counting: TrainingWorkers = {
    ...two,
    open: async (setups) =>
      (await two.open(setups)).map((thread) => ({
        ...thread,
        predict: (inputs) => {
          rows.push(inputs.features[0]!.shape[0]!);
          return thread.predict(inputs);
        },
      })),
  };
  const run = async (workers?: TrainingWorkers): Promise<number> => {
    const model = build();
    // A frozen weight above the first trained one, which the threads copy only when it changes.
    const change = callback({
      onBatchEnd: (step) => {
        if (step === 2)
          model.getLayer('block2a_bn').setWeights(
            model
              .getLayer('block2a_bn')
              .getWeights()
              .map((each) => tf.mul(each, 1.5)),
          );
      },
    });
    const stages = [{ unfreeze: 'all', epochs: 1 }] as const;
    const [epoch] = await fineTune(model, options({ stages, workers, validation: images(), callbacks: [change] }));
    model.dispose();
    return epoch!.val_loss!;
  };
  const alone = await run();
  expect(Math.abs((await run(counting)) - alone)).toBeLessThan(1e-5);
  expect(rows).toEqual([2, 2, 2, 2, 1, 2]);
});

test('a run that is stopped and resumed with as many threads ends bit by bit like an uninterrupted one', async () => {
  const whole = await losses({ workers: two });
  const store = memoryStore();
  const controller = new AbortController();
  let steps = 0;
  const stop = callback({
    onBatchEnd: () => {
      if (++steps === 5) controller.abort(new Error('stop'));
    },
  });
  await expect(losses({ workers: two, store, callbacks: [stop], signal: controller.signal })).rejects.toThrow('stop');
  const rest = await losses({ workers: two, store });
  expect(rest.losses).toEqual(whole.losses.slice(5));
  expect(rest.weights).toEqual(whole.weights);
});

test('BatchNormalization that trains is refused unless the statistics per thread are accepted', async () => {
  const stages = [{ unfreeze: 'all', epochs: 1, batchNorm: 'trained' }] as const;
  await expect(losses({ stages, workers: two })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected 'frozen' with \`workers\` for \`stages[0].batchNorm\`, received 'trained'. To normalize each thread's share by itself, set \`batchNorm: 'perThread'\` in trainingWorkers().]`,
  );
  const workers = trainingWorkers({ threads: 1, batchNorm: 'perThread' });
  const [alone, shared] = [await losses({ stages }), await losses({ stages, workers })];
  await workers.dispose();
  expect(largest(alone.losses, shared.losses)).toBeLessThan(1e-5);
  // Moving statistics are among the weights.
  expect(largest(alone.weights, shared.weights)).toBeLessThan(1e-3);
});

test('refuses what other threads do not have, and other backends', async () => {
  const own: Loss = (labels, predictions) => tf.sum(tf.square(tf.sub(tf.oneHot(tf.cast(labels, 'int32'), 3), predictions)), -1);
  await expect(losses({ loss: own, workers: two })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a loss of this library with \`workers\`, received the function 'own', which other threads do not have. Leave \`workers\` out.]`,
  );
  class Half extends tfl.layers.Layer {
    static readonly className = 'Half';
    override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.mul((Array.isArray(x) ? x[0] : x) as tf.Tensor, 0.5);
    }
  }
  const base = build();
  const output = tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(new Half({ name: 'half' }).apply(base.outputs[0]!));
  const model = tfl.model({ inputs: base.inputs, outputs: output as tfl.SymbolicTensor });
  await expect(fineTune(model, options({ workers: two }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected layers of this library or TensorFlow.js with \`workers\`, received 'half' of the class Half, which other threads do not have. Leave \`workers\` out.]`,
  );
  await expect(losses({ workers: { threads: 2 } as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected threads that trainingWorkers() returns for \`workers\`, received { threads }.]`,
  );
  expect(() => trainingWorkers({ threads: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainingWorkers: expected a positive integer for \`threads\`, received 0.]`,
  );
  model.dispose();
});

test('numbers that are not finite stop training, and leave the model and no tensor behind', async () => {
  const model = build();
  const kernel = model.getLayer('predictions').weights[0]!;
  const sound = tf.clone(kernel.read());
  kernel.write(tf.mul(tf.sign(sound), 3e38));
  const before = await weightsOfAll(model);
  await expectNoLeak(async () => {
    await expect(fineTune(model, options({ workers: two }))).rejects.toThrow(/^fineTune: expected (a )?finite .* at step 0 of epoch 0/);
  });
  expect(await weightsOfAll(model)).toEqual(before);
  kernel.write(sound);
  await expectNoLeak(() => fineTune(model, options({ workers: two, stages: [{ unfreeze: ['predictions'], epochs: 1 }] })));
  model.dispose();
});

test('a thread that ends, and threads that were disposed, are errors and not endless waits', async () => {
  const workers = trainingWorkers({ threads: 2 });
  const end = callback({ onBatchBegin: (step) => (step === 1 ? workers.dispose() : undefined) });
  await expect(losses({ workers, callbacks: [end] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: fineTune: expected training threads that run, but one ended: exit code 1. The last checkpoint remains valid.]`,
  );
  await expect(losses({ workers })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: trainingWorkers: expected threads that run, received disposed ones. Dispose them after their last use.]`,
  );
});
