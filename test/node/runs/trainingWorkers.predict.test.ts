// The threads run the built package: `npm test` builds it first.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classifyMany, ensemble, evaluate, type Predictor } from '../../../src/evaluation/predict/index.js';
import { efficientNet } from '../../../src/models/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { trainingWorkers } from '../../../src/node/runs/index.js';
import { callback, fineTune, sgd, trainHead, type TrainedHead, type TrainingWorkers } from '../../../src/training/index.js';
import { fillModel } from '../../support/fillModel.js';
import { expectNoLeak } from '../../support/leaks.js';
import { smallImages, SMALL } from '../../support/smallImages.js';
import { TINY } from '../../support/tinyNetworks.js';
import { weightsOfAll } from '../../support/tinyTraining.js';

const PREPROCESSING = { inputSize: [SMALL, SMALL], fit: 'stretch', interpolation: 'bilinear' } as const;
const CLASSES = ['a', 'b', 'c'];
let two: TrainingWorkers;

beforeAll(async () => {
  await selectBackend(['wasm'], { gradients: true });
  two = trainingWorkers({ threads: 2 });
});
afterAll(() => two.dispose());

function build(seed = 2): tfl.LayersModel {
  const model = efficientNet({ ...TINY, inputSize: SMALL }, { classes: 3, dropoutRate: 0.2, seed: 1 });
  fillModel(model, seed);
  return model;
}

/** Eleven images in batches of 4, 4 and 3. */
const images = (): ReturnType<typeof smallImages> => smallImages('threads/predict', 11);
const batches = (): Parameters<typeof trainHead>[1]['train'] => images().map(({ xs, ys }) => ({ xs, ys }));

/** Counts the rows that each thread receives. */
function counting(workers: TrainingWorkers, rows: number[]): TrainingWorkers {
  return {
    ...workers,
    open: async (setups) =>
      (await workers.open(setups)).map((thread) => ({
        ...thread,
        predict: (inputs) => {
          rows.push(inputs.features[0]!.shape[0]!);
          return thread.predict(inputs);
        },
      })),
  };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

test('evaluate: threads share every batch and change nothing but rounding', async () => {
  const model = build();
  const alone = await evaluate(model, batches());
  for (const threads of [1, 2, 5]) {
    const workers = trainingWorkers({ threads });
    const rows: number[] = [];
    const shared = await evaluate(model, batches(), { workers: counting(workers, rows) });
    await workers.dispose();
    expect(rows).toHaveLength(Math.min(4, threads) * 2 + Math.min(3, threads));
    expect(rows.reduce((sum, each) => sum + each)).toBe(11);
    expect(shared.accuracy).toBe(alone.accuracy);
    expect(largest(shared.predictions.probabilities, alone.predictions.probabilities)).toBeLessThan(1e-5);
  }
  model.dispose();
});

test('ensembles and classifyMany: the threads predict what the models do, with their class names', async () => {
  const models = [build(2), build(3)];
  const both = ensemble(models);
  const [alone, shared] = [await evaluate(both, batches()), await evaluate(both, batches(), { workers: two })];
  expect(largest(shared.predictions.probabilities, alone.predictions.probabilities)).toBeLessThan(1e-5);
  const pictures = Array.from({ length: 3 }, (_, i) => ({
    width: SMALL,
    height: SMALL,
    channels: 3 as const,
    data: Uint8Array.from({ length: SMALL * SMALL * 3 }, (_each, j) => (7919 * j + 31 * i) % 256),
  }));
  const answers = async (workers?: TrainingWorkers): Promise<(readonly [string | undefined, number])[]> => {
    const all: (readonly [string | undefined, number])[] = [];
    const options = { preprocessing: PREPROCESSING, classNames: CLASSES, batchSize: 2, workers };
    for await (const [best] of classifyMany(models[0]!, pictures, options)) all.push([best!.className, best!.probability]);
    return all;
  };
  const [one, many] = [await answers(), await answers(two)];
  expect(many.map(([name]) => name)).toEqual(one.map(([name]) => name));
  expect(
    largest(
      many.map(([, probability]) => probability),
      one.map(([, probability]) => probability),
    ),
  ).toBeLessThan(1e-5);
  for (const model of models) model.dispose();
});

test('trainHead: features from the threads train the same head', async () => {
  const train = async (workers?: TrainingWorkers): Promise<[TrainedHead['history'], number[]]> => {
    const { model, history } = await trainHead(build(), {
      train: batches(),
      validation: batches(),
      classNames: CLASSES,
      preprocessing: PREPROCESSING,
      epochs: 3,
      seed: 1,
      optimizer: () => sgd({ learningRate: 0.01 }),
      workers,
    });
    const weights = await weightsOfAll(model);
    model.dispose();
    return [history, weights];
  };
  const rows: number[] = [];
  const [alone, shared] = [await train(), await train(counting(two, rows))];
  expect(rows).toEqual([2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 1, 2]);
  expect(Math.abs(shared[0][2]!.val_loss! - alone[0][2]!.val_loss!)).toBeLessThan(1e-5);
  const scale = alone[1].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest(shared[1], alone[1])).toBeLessThan(1e-4 * scale);
});

test('fineTune: the threads compute the frozen layers, and a callback may evaluate in the same threads', async () => {
  const run = async (workers?: TrainingWorkers): Promise<[number[], number[], number]> => {
    const model = build();
    const accuracies: number[] = [];
    const check = callback({
      onEpochEnd: async () => {
        accuracies.push((await evaluate(model, batches(), { workers })).predictions.probabilities[0]!);
      },
    });
    const history = await fineTune(model, {
      train: images().map(({ xs, ys }) => ({ xs, ys })),
      stages: [{ unfreeze: { from: 'block5a' }, epochs: 2 }],
      optimizer: () => sgd({ learningRate: 0.01 }),
      preprocessing: PREPROCESSING,
      callbacks: [check],
      workers,
    });
    const weights = await weightsOfAll(model);
    model.dispose();
    return [weights, accuracies, history.at(-1)!.loss];
  };
  const rows: number[] = [];
  const [alone, shared] = [await run(), await run(counting(two, rows))];
  expect(largest(shared[0], alone[0])).toBeLessThan(1e-4);
  expect(largest(shared[1], alone[1])).toBeLessThan(1e-4);
  expect(Math.abs(shared[2] - alone[2])).toBeLessThan(1e-5);
  // Two epochs of frozen layers and two evaluations, six shares each.
  expect(rows).toHaveLength(24);
});

test('refuses what threads cannot predict', async () => {
  const model = build();
  const own: Predictor = { predict: (x) => model.predict(x) };
  await expect(evaluate(own, batches(), { workers: two })).rejects.toThrow(
    /^evaluate: expected nothing with a runtime or a predictor for `workers`, received .*Runtimes have threads of their own\.$/,
  );
  await expect(evaluate(model, batches(), { workers: { threads: 2 } as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: evaluate: expected threads that trainingWorkers() returns for \`workers\`, received { threads }.]`,
  );
  await expect(
    trainHead(model, { train: batches(), classNames: CLASSES, runtime: (() => undefined) as never, workers: two }),
  ).rejects.toThrow(/^trainHead: expected nothing beside `runtime` for `workers`, received .*Leave one of them out\.$/);
  model.dispose();
});

test("an error in a thread has the thread's message, and the threads can be used again", async () => {
  class OnlyHere extends tfl.layers.Layer {
    static readonly className = 'OnlyHere';
    override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.clone((Array.isArray(x) ? x[0] : x) as tf.Tensor);
    }
  }
  tf.serialization.registerClass(OnlyHere);
  const base = build();
  const output = new OnlyHere({ name: 'only_here' }).apply(base.outputs[0]!) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: base.inputs, outputs: output });
  await expectNoLeak(async () => {
    await expect(evaluate(model, batches(), { workers: two })).rejects.toThrow(/^evaluate: .*OnlyHere/);
  });
  expect((await evaluate(base, batches(), { workers: two })).predictions.probabilities).toHaveLength(33);
  model.dispose();
});

test('stops between batches, and leaves no tensor behind', async () => {
  const model = build();
  await expectNoLeak(() => evaluate(model, batches(), { workers: two }));
  const controller = new AbortController();
  await expectNoLeak(async () => {
    const stop = (): void => {
      controller.abort(new Error('stop'));
    };
    await expect(evaluate(model, batches(), { workers: two, onProgress: stop, signal: controller.signal })).rejects.toThrow('stop');
  });
  model.dispose();
});

test('a thread that ends, and threads that were disposed, are errors that name the caller', async () => {
  const model = build();
  await expectNoLeak(async () => {
    const workers = trainingWorkers({ threads: 2 });
    let seen = 0;
    const end = images().map(async ({ xs, ys }) => {
      if (++seen === 2) await workers.dispose();
      return { xs, ys };
    });
    await expect(evaluate(model, end, { workers })).rejects.toThrow(
      'evaluate: expected training threads that run, but one ended: exit code 1. Repeat the call.',
    );
    await expect(evaluate(model, batches(), { workers })).rejects.toThrow(
      'trainingWorkers: expected threads that run, received disposed ones. Dispose them after their last use.',
    );
  });
  model.dispose();
});
