// Numbers that are not finite and labels out of range, at random places of every way to train, on every backend that is here.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import type { Random } from '../../src/core/index.js';
import { Dataset, type ImageBatch } from '../../src/data/index.js';
import { batchNormalization } from '../../src/layers/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import {
  adam,
  adamW,
  binaryCrossEntropy,
  callback,
  ema,
  fineTune,
  focalLoss,
  rmsProp,
  rmsPropTF,
  sgd,
  softmaxCrossEntropy,
  terminateOnNaN,
  trainHead,
  type CheckpointStore,
  type Loss,
  type NamedOptimizer,
  type TrainingBatch,
} from '../../src/training/index.js';
import { weightsOfAll } from '../support/tinyTraining.js';

const ROUNDS = 12;
const STEPS = 4;
const BATCH = 3;
let injected = 0;
afterAll(() => {
  console.log(`\nnumbers and labels injected: ${injected}`);
});

const LOSSES: readonly [string, 'softmax' | 'sigmoid' | 'linear', () => Loss][] = [
  ['softmaxCrossEntropy', 'softmax', () => softmaxCrossEntropy()],
  ['softmaxCrossEntropy from logits', 'linear', () => softmaxCrossEntropy({ fromLogits: true })],
  ['binaryCrossEntropy', 'sigmoid', () => binaryCrossEntropy()],
  ['binaryCrossEntropy from logits', 'linear', () => binaryCrossEntropy({ fromLogits: true })],
  ['focalLoss', 'softmax', () => focalLoss()],
  ['focalLoss of targets', 'sigmoid', () => focalLoss({ kind: 'sigmoid' })],
];
const OPTIMIZERS: readonly (() => NamedOptimizer)[] = [
  () => sgd(),
  () => sgd({ momentum: 0.9, nesterov: true }),
  () => adam(),
  () => adamW({ clipValue: 1 }),
  () => rmsProp({ globalClipNorm: 1 }),
  () => rmsPropTF({ clipNorm: 1 }),
  () => adam({ accumulationSteps: 2 }),
];
const RANGE = [3, -1, 1.7, 1e9];
const BAD = [NaN, Infinity, -Infinity];
const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)] as T;

/** Convolution, BatchNormalization, relu6, which hides what is not finite, pooling and a classifier. */
function net(activation: string): tfl.LayersModel {
  const input = tfl.input({ shape: [6, 6, 3] });
  const layers = [
    tfl.layers.conv2d({ filters: 4, kernelSize: 3, name: 'stem_conv', useBias: false }),
    batchNormalization({ name: 'stem_bn' }),
    tfl.layers.activation({ activation: 'relu6', name: 'stem_activation' }),
    tfl.layers.globalAveragePooling2d({ name: 'avg_pool' }),
    tfl.layers.dense({ units: 3, activation: activation as 'linear', name: 'predictions' }),
  ];
  return tfl.model({
    inputs: input,
    outputs: layers.reduce<tfl.SymbolicTensor>((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input),
  });
}

interface Fault {
  readonly at: number;
  readonly what: 'pixels' | 'sample weights' | 'indices' | 'vectors';
  readonly place: number;
  readonly value: number;
}
const faultOf = (random: Random, what: Fault['what']): Fault => {
  injected += 1;
  return {
    what,
    at: random.integer(STEPS),
    place: random.integer(1000),
    value: pick(
      random,
      what === 'indices' || what === 'vectors' ? [...RANGE.filter((value) => what === 'indices' || value !== 1e9), NaN] : BAD,
    ),
  };
};

function data({ at, what, place, value }: Fault): Dataset<TrainingBatch> {
  const put = (values: Float32Array, isBad: boolean): Float32Array => {
    if (isBad) values[place % values.length] = value;
    return values;
  };
  return Dataset.range(STEPS).map((step) => {
    const bad = (part: Fault['what']): boolean => part === what && step === at;
    const pixels = Float32Array.from({ length: BATCH * 108 }, (_, i) => (i * 37 + step * 11) % 256);
    const labels = Array.from({ length: BATCH }, (_, i) => (i + step) % 3);
    const xs = tf.tensor4d(put(pixels, bad('pixels')), [BATCH, 6, 6, 3]);
    const ys =
      what === 'indices'
        ? tf.tensor1d(put(Float32Array.from(labels), bad('indices')))
        : tf.tensor2d(put(Float32Array.from(labels.flatMap((label) => [0, 1, 2].map((k) => Number(k === label)))), bad('vectors')), [
            BATCH,
            3,
          ]);
    return what === 'sample weights'
      ? { xs, ys, sampleWeights: tf.tensor1d(put(new Float32Array(BATCH).fill(1), bad('sample weights'))) }
      : { xs, ys };
  });
}

/** Runs a training that must fail; the model must end with the weights of the step before, none of them NaN. */
async function refused(model: tfl.LayersModel, train: (keep: ReturnType<typeof callback>) => Promise<unknown>): Promise<string> {
  let last = await weightsOfAll(model);
  const keep = callback({
    onBatchEnd: async () => {
      last = await weightsOfAll(model);
    },
  });
  const message = await train(keep).then(
    () => 'no error',
    (error: unknown) => String(error),
  );
  expect(message).toMatch(/expected/);
  const now = await weightsOfAll(model);
  expect(now.every(Number.isFinite)).toBe(true);
  expect(now).toEqual(last);
  return message;
}

describe.each(['cpu', 'wasm', 'tensorflow', 'webgpu'] as const)('on %s', (backend) => {
  let isHere = false;
  beforeAll(async () => {
    isHere = await selectBackend([backend]).then(
      () => tf.getBackend() === backend,
      () => false,
    );
    if (!isHere) console.log(`${backend} is not here, so nothing is tried on it`);
  });

  test.each(['pixels', 'sample weights', 'indices', 'vectors'] as const)(
    'fineTune refuses %s, and model, store and averages keep the last finite step',
    async (what) => {
      if (!isHere) return;
      const random = createRandom(what.length);
      for (let round = 0; round < ROUNDS; round++) {
        const [, activation, loss] = LOSSES[round % LOSSES.length] as (typeof LOSSES)[number];
        const fault = faultOf(random, what);
        const model = net(activation);
        const average = ema();
        let bytes: Uint8Array | undefined;
        const store: CheckpointStore = {
          read: () => Promise.resolve(undefined),
          write: (written) => {
            bytes = written;
            return Promise.resolve();
          },
        };
        const message = await refused(model, (keep) =>
          fineTune(model, {
            train: data(fault),
            store,
            checkpointEverySteps: 1,
            loss: loss(),
            optimizer: pick(random, OPTIMIZERS),
            callbacks: [keep, average],
            stages: [{ unfreeze: random.next() < 0.5 ? 'all' : ['predictions'], epochs: 1, batchNorm: 'trained' }],
            preprocessing: { inputSize: 6, fit: 'stretch' },
          }),
        );
        expect(message).toContain(`at step ${fault.at} of epoch 0`);
        expect(bytes === undefined).toBe(fault.at === 0);
        if (fault.at > 0) for (const array of (await average.weights()).values()) expect(array.values().every(Number.isFinite)).toBe(true);
        average.dispose();
        model.dispose();
      }
    },
  );

  test.each(['pixels', 'indices', 'vectors'] as const)('fitDataset refuses %s, from a Dataset or another iterator', async (what) => {
    if (!isHere) return;
    const random = createRandom(what.length + 7);
    for (let round = 0; round < ROUNDS; round++) {
      const [, activation, loss] = LOSSES[round % LOSSES.length] as (typeof LOSSES)[number];
      const fault = faultOf(random, what);
      const model = net(activation);
      // Without a Dataset nobody sees the pixels, and relu6 makes 6 of Infinity: only NaN can be told then.
      const own = what !== 'pixels' || random.next() < 0.5;
      const items = await data(own ? fault : { ...fault, value: NaN }).toArray();
      model.compile({ optimizer: pick(random, OPTIMIZERS)(), loss: loss() });
      const plain = {
        size: STEPS,
        iterator: () => {
          let i = 0;
          return Promise.resolve({ next: () => Promise.resolve({ done: i >= items.length, value: items[i++] }) });
        },
      };
      const message = await refused(model, (keep) =>
        model.fitDataset(own ? data(fault) : (plain as never), { epochs: 1, verbose: 0, callbacks: [keep, terminateOnNaN()] }),
      );
      if (what === 'pixels') expect(message).toContain(`at step ${fault.at} of epoch 0`);
      tf.dispose(items as never);
      model.dispose();
    }
  });

  test.each(['pixels', 'indices', 'vectors'] as const)('trainHead refuses %s, with its own features and with a runtime', async (what) => {
    if (!isHere) return;
    const random = createRandom(what.length + 21);
    for (let round = 0; round < ROUNDS / 2; round++) {
      const fault = faultOf(random, what);
      const model = net('softmax');
      const runtime = (features: tfl.LayersModel) =>
        Promise.resolve({
          predict: (xs: tf.Tensor) => tf.tidy(() => tf.clipByValue(features.predict(xs) as tf.Tensor, 0, 6)),
          dispose: () => undefined,
        });
      const message = await refused(model, () =>
        trainHead(model, {
          train: data(fault) as Dataset<ImageBatch>,
          classNames: ['a', 'b', 'c'],
          epochs: 2,
          seed: 1,
          classifierActivation: round % 2 === 0 ? 'softmax' : 'sigmoid',
          preprocessing: { inputSize: 6, fit: 'stretch' },
          ...(random.next() < 0.5 ? { runtime } : {}),
        }),
      );
      expect(message).toContain(`step ${fault.at} of epoch 0`);
      model.dispose();
    }
  });

  test('rates up to the largest numbers end in an error or in finite weights', async () => {
    if (!isHere) return;
    const random = createRandom(5);
    for (let round = 0; round < ROUNDS; round++) {
      const model = net('softmax');
      injected += 1;
      const rate = 10 ** random.uniform(10, 38);
      let last = await weightsOfAll(model);
      const keep = callback({
        onBatchEnd: async () => {
          last = await weightsOfAll(model);
        },
      });
      await fineTune(model, {
        train: data({ at: -1, what: 'indices', place: 0, value: 0 }),
        preprocessing: { inputSize: 6, fit: 'stretch' },
        optimizer: pick(random, OPTIMIZERS),
        callbacks: [keep],
        stages: [{ unfreeze: 'all', epochs: 2, learningRate: rate, batchNorm: 'trained' }],
      }).catch((error: unknown) => {
        expect(String(error)).toMatch(/step \d of epoch \d/);
      });
      expect(last.every(Number.isFinite)).toBe(true);
      expect(await weightsOfAll(model)).toEqual(last);
      model.dispose();
    }
  });
});
