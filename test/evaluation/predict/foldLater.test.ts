import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test, vi } from 'vitest';
import { Dataset, type LabeledImage } from '../../../src/data/index.js';
import { classify, classifyMany, ensemble, evaluate, testTimeAugmentation, type Predictor } from '../../../src/evaluation/predict/index.js';
import { efficientNet, foldBatchNorm } from '../../../src/models/index.js';
import { fillModel } from '../../support/fillModel.js';
import { uniform } from '../../support/fill.js';
import { expectNoLeak } from '../../support/leaks.js';
import { TINY } from '../../support/tinyNetworks.js';
import { startWasm } from '../../support/wasm.js';

beforeAll(async () => {
  await startWasm();
});

const SIZE = 32;
const build = (): tfl.LayersModel => {
  const model = efficientNet({ ...TINY, inputSize: SIZE }, { classes: 3, seed: 1 });
  fillModel(model, 2);
  return model;
};
const images = (count: number): LabeledImage[] =>
  Array.from({ length: count }, (_, i) => ({
    pixels: {
      width: SIZE,
      height: SIZE,
      channels: 3,
      data: Float32Array.from(uniform(`fold/${i}`, SIZE * SIZE * 3), (value) => Math.abs(value) * 200),
    },
    label: i % 3,
  }));

/** Counts the images that a model itself predicts. */
function counted(model: tfl.LayersModel): () => number {
  const spy = vi.spyOn(model, 'predict');
  return () => spy.mock.calls.reduce((sum, [xs]) => sum + (xs as tf.Tensor4D).shape[0], 0);
}

test('evaluate and classifyMany fold the model after 64 images, and predict the same', async () => {
  const model = build();
  const all = images(100);
  const rows = await Promise.all(
    all.map(async ({ pixels }) => (await classify(model, pixels, { topK: 3, preprocessing: { inputSize: SIZE, fit: 'stretch' } }))[0]!),
  );
  const own = counted(model);
  const { predictions } = await evaluate(model, Dataset.from(all), { batchSize: 16 });
  expect(own()).toBe(64 + 8);
  rows.forEach(({ index, probability }, i) => {
    expect(Math.abs((predictions.probabilities[3 * i + index] as number) - probability)).toBeLessThan(2e-6);
  });
  let i = 0;
  const before = own();
  const many = classifyMany(
    model,
    all.map(({ pixels }) => pixels),
    { preprocessing: { inputSize: SIZE, fit: 'stretch' } },
  );
  for await (const [best] of many) expect(Math.abs(best!.probability - rows[i++]!.probability)).toBeLessThan(2e-6);
  expect([i, own() - before]).toEqual([100, 64 + 8]);
  model.dispose();
});

test.each<[string, (models: tfl.LayersModel[]) => Predictor, views: number]>([
  ['ensemble', (models) => ensemble(models, { memberWeights: [1, 3] }), 1],
  ['testTimeAugmentation', ([model]) => testTimeAugmentation(model!), 2],
  ['an ensemble of both', ([first, second]) => ensemble([testTimeAugmentation(first!), second!]), 2],
])('%s: its models are folded after 64 images', async (_, wrap, views) => {
  const models = [build(), build()];
  const predictor = wrap(models);
  const all = images(96);
  const { predictions } = await evaluate({ predict: (xs: tf.Tensor4D) => predictor.predict(xs) }, Dataset.from(all), { batchSize: 16 });
  const own = counted(models[0]!);
  const faster = await evaluate(predictor, Dataset.from(all), { batchSize: 16 });
  expect(own()).toBe(views * (64 + 8));
  faster.predictions.probabilities.forEach((value, i) => {
    expect(Math.abs(value - (predictions.probabilities[i] as number))).toBeLessThan(2e-6);
  });
  await expectNoLeak(() => evaluate(predictor, Dataset.from(all)));
  for (const model of models) model.dispose();
});

test('few images, folded models and models without BatchNormalization are not folded, and nothing leaks', async () => {
  const model = build();
  const folded = await foldBatchNorm(model);
  const dense = tfl.sequential({
    layers: [tfl.layers.flatten({ inputShape: [SIZE, SIZE, 3] }), tfl.layers.dense({ units: 3, activation: 'softmax' })],
  });
  for (const [each, count] of [
    [model, 63],
    [folded, 100],
    [dense, 100],
  ] as const) {
    const own = counted(each);
    await expectNoLeak(() => evaluate(each, Dataset.from(images(count))));
    expect(own() % count).toBe(0);
  }
  await expectNoLeak(() => evaluate(model, Dataset.from(images(100))));
  await expectNoLeak(async () => {
    const many = classifyMany(
      model,
      images(100).map(({ pixels }) => pixels),
      { preprocessing: { inputSize: SIZE, fit: 'stretch' } },
    );
    for (let i = 0; i < 80; i++) await many.next();
    await many.return(undefined);
  });
  for (const each of [model, folded, dense]) each.dispose();
});

/** Multiplies its input by a factor that it forgets when it is copied. */
class Forgetful extends tfl.layers.Layer {
  static readonly className: string = 'Forgetful';
  factor = 1;

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul(Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs, this.factor);
  }
}

/** Is not registered, so that it cannot be copied. */
class Unknown extends Forgetful {
  static override readonly className = 'NotRegistered';
}

test('a model whose copy fails or predicts something else is used itself', async () => {
  tf.serialization.registerClass(Forgetful);
  for (const layer of [new Forgetful(), new Unknown()]) {
    layer.factor = 3;
    const base = build();
    const features = base.getLayer('top_dropout').output as tfl.SymbolicTensor;
    const output = tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(layer.apply(features)) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: base.inputs, outputs: output });
    const own = counted(model);
    const { predictions } = await evaluate(model, Dataset.from(images(100)));
    expect(own()).toBeGreaterThanOrEqual(100);
    expect(predictions.probabilities).toHaveLength(300);
    model.dispose();
  }
});
