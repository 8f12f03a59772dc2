import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import {
  classify,
  classifyMany,
  ensemble,
  evaluate,
  testTimeAugmentation,
  warmup,
  type Predictor,
} from '../../../src/evaluation/predict/index.js';
import { efficientNet } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';

beforeAll(() => tf.setBackend('cpu'));

const image = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) };
const preprocessing = { inputSize: 2, fit: 'stretch' } as const;
const constant = { preprocessing, predict: (x: tf.Tensor) => tf.fill([x.shape[0], 2], 0.5) } satisfies Predictor;
const message = (where: string, option = 'model'): string =>
  `${where}: expected a model in use for \`${option}\`, received one that is disposed.`;

/** Creates an object with the properties of a graph model of TensorFlow.js. */
const graphModel = () => {
  const weight = tf.scalar(1);
  return { ...constant, inputs: [{ shape: [-1, 2, 2, 3] }], weights: { kernel: [weight] }, dispose: weight.dispose.bind(weight) };
};

test.each<[string, () => Predictor]>([
  ['runtime', () => ({ ...constant, isDisposed: true })],
  [
    'graph model',
    () => {
      const model = graphModel();
      model.dispose();
      return model;
    },
  ],
])('a disposed %s is refused before any image is read', async (_, create) => {
  const model = create();
  let read = 0;
  function* images() {
    read++;
    yield { pixels: image, label: 0 };
  }
  await expect(evaluate(model, images())).rejects.toThrow(`${message('evaluate')} Load it again.`);
  await expect(classify(model, image)).rejects.toThrow(message('classify'));
  await expect(warmup(model)).rejects.toThrow(message('warmup'));
  expect(() => classifyMany(model, [image])).toThrow(message('classifyMany'));
  expect(() => ensemble([constant, model])).toThrow(message('ensemble', 'members[1]'));
  expect(() => testTimeAugmentation(model)).toThrow(message('testTimeAugmentation'));
  expect(read).toBe(0);
});

test('a model that is disposed after an ensemble was created is refused', async () => {
  const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 }, { classes: 2 });
  const [members, views] = [ensemble([model, model]), testTimeAugmentation(model)];
  model.dispose();
  const images = tf.zeros<tf.Rank.R4>([1, 32, 32, 3]);
  await expect(members.predict(images)).rejects.toThrow(message('ensemble.predict', 'members[0]'));
  await expect(views.predict(images)).rejects.toThrow(message('testTimeAugmentation.predict'));
  images.dispose();
});
