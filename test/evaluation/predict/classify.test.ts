import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { classify, type ClassifyOptions } from '../../../src/evaluation/predict/index.js';
import { efficientNet, setClassNames } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { fillModel } from '../../support/fillModel.js';
import { startWasm } from '../../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32 };
const stretch = (inputSize: number) => ({ inputSize, fit: 'stretch' }) as const;
const imageOf = (width: number, height: number, channels = 3) => ({
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 7) % 256),
});

/** Creates a predictor that returns the channels of the middle pixel, divided by 255, which shows how the image was cropped. */
const middle = (size: number) => ({
  predict: (x: tf.Tensor4D) => tf.tidy(() => tf.div(tf.reshape(tf.slice(x, [0, size / 2, size / 2, 0], [1, 1, 1, 3]), [1, 3]), 255)),
  inputs: [{ shape: [null, size, size, 3] }],
});

beforeAll(startWasm);

describe('classify', () => {
  test('sorts the classes and uses the names of the model', async () => {
    const model = efficientNet(SPEC, { classes: 3 });
    fillModel(model, 2);
    setClassNames(model, ['a', 'b', 'c']);
    const answers = await classify(model, imageOf(50, 40), { topK: 2 });
    expect(answers).toHaveLength(2);
    expect(answers[0]!.probability).toBeGreaterThan(answers[1]!.probability);
    expect(answers[0]!.className).toBe(['a', 'b', 'c'][answers[0]!.index]);
    const all = await classify(model, imageOf(50, 40), { classNames: ['x', 'y', 'z'] });
    expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect(all[0]!.className).toBe(['x', 'y', 'z'][all[0]!.index]);
  });

  test('crops or stretches the image as the option says', async () => {
    // Left half dark, right half bright, a bright middle column only when the sides are cut off evenly.
    const data = Uint8Array.from({ length: 64 * 32 * 3 }, (_, i) => (Math.floor(i / 3) % 64 < 40 ? 10 : 200));
    const wide = { width: 64, height: 32, channels: 3, data };
    const [cropped] = await classify(middle(32), wide, { preprocessing: { inputSize: 32, fit: 'crop' }, topK: 1 });
    const [stretched] = await classify(middle(32), wide, { preprocessing: stretch(32), topK: 1 });
    expect(cropped!.probability).toBeCloseTo(10 / 255, 5);
    expect(stretched!.probability).toBeCloseTo(10 / 255, 5);
    const shifted = { ...wide, data: data.map((_, i) => (Math.floor(i / 3) % 64 < 32 ? 10 : 200)) };
    expect((await classify(middle(32), shifted, { preprocessing: { inputSize: 32, fit: 'crop' } }))[0]!.probability).toBeGreaterThan(
      150 / 255,
    );
  });

  test('a single output with two names gives both classes, sorted by index if they are equal', async () => {
    const sure = (p: number) => ({
      predict: () => tf.tensor2d([[p]]),
      inputShape: [null, 32, 32, 3],
      classNames: ['cat', 'dog'],
      preprocessing: stretch(32),
    });
    const answers = async (p: number, options: ClassifyOptions = {}) =>
      (await classify(sure(p), imageOf(40, 40), options)).map(({ className, probability }) => [className, probability]);
    expect(await answers(0.75)).toEqual([
      ['dog', 0.75],
      ['cat', 0.25],
    ]);
    expect(await answers(0.5)).toEqual([
      ['cat', 0.5],
      ['dog', 0.5],
    ]);
    expect(await answers(0.25, { classNames: ['no', 'yes'], topK: 1 })).toEqual([['no', 0.75]]);
    expect(await answers(0.25, { classNames: ['dog'] })).toEqual([['dog', 0.25]]);
  });

  test('logits are refused', async () => {
    const remedy = "Build the model with `classifierActivation: 'softmax'` or 'sigmoid', or use `model.predict` to get its logits.";
    const answering = (...row: number[]) => ({ predict: () => tf.tensor2d([row]), preprocessing: stretch(32) });
    await expect(classify(answering(3.5, -2), imageOf(40, 40))).rejects.toThrow(
      `classify: expected probabilities in [0, 1] from the model, received 3.5. ${remedy}`,
    );
    // Several labels need not sum to 1.
    expect(await classify(answering(0.75, 0.5), imageOf(40, 40))).toHaveLength(2);
    const model = efficientNet(SPEC, { classes: 3, classifierActivation: 'linear' });
    const last = model.getLayer('predictions');
    const answer = async (...bias: number[]) => {
      last.setWeights(last.getWeights().map((weight, i) => (i === 0 ? tf.zerosLike(weight) : tf.tensor1d(bias))));
      return classify(model, imageOf(40, 40));
    };
    await expect(answer(0.5, 0.25, 0.5)).rejects.toThrow(
      `classify: expected probabilities that sum to 1 from the model, received a sum of 1.25. ${remedy}`,
    );
    expect((await answer(0.5, 0.25, 0.25))[0]!.probability).toBe(0.5);
    const sigmoid = efficientNet(SPEC, { classes: 3, classifierActivation: 'sigmoid' });
    expect(await classify(sigmoid, imageOf(40, 40))).toHaveLength(3);
  });

  test('fifty calls leave no tensors', async () => {
    const model = efficientNet(SPEC, { classes: 3 });
    await classify(model, imageOf(50, 40));
    const before = tf.memory().numTensors;
    for (let i = 0; i < 50; i++) await classify(model, imageOf(40 + i, 90 - i));
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each<[string, Partial<ClassifyOptions> & { channels?: number }, string]>([
    ['an unknown option', { topk: 3 } as never, 'received `topk`'],
    ['zero classes', { topK: 0 }, 'classify: expected a positive integer for `topK`, received 0.'],
    ['too few names', { classNames: ['a'] }, 'classify: expected 3 names for `classNames`, one for each output, received 1.'],
    [
      "another size than the model's",
      { preprocessing: stretch(64) },
      "classify: expected the model's input size [32, 32] for `preprocessing.inputSize`, received [64, 64].",
    ],
    [
      'a string as preprocessing',
      { preprocessing: 'crop' as never },
      "classify: expected a preprocessing, or a model, runtime or dataset that has one for `preprocessing`, received 'crop'.",
    ],
    [
      'an unknown fit',
      { preprocessing: { inputSize: 32, fit: 'squash' as never } },
      "classify: expected one of 'stretch', 'crop', 'pad', 'resizeCrop', 'resizePad' for `fit`, received 'squash'.",
    ],
    [
      'an object without preprocessing',
      { preprocessing: {} },
      'classify: expected `preprocessing` for a source whose preprocessing is unknown, received none.',
    ],
    [
      'a grayscale image',
      { channels: 1 },
      'classify: expected an RGB image [height, width, 3], as the model takes, for `image`, received a grayscale image [40, 40, 1]. ' +
        'Repeat the gray values in three channels.',
    ],
    [
      'an RGBA image',
      { channels: 4 },
      'classify: expected an RGB image [height, width, 3], as the model takes, for `image`, received an RGBA image [40, 40, 4]. ' +
        'Remove the alpha channel.',
    ],
  ])('%s is refused and leaves no tensors', async (_, { channels = 3, ...options }, message) => {
    const model = efficientNet(SPEC, { classes: 3 });
    const before = tf.memory().numTensors;
    await expect(classify(model, imageOf(40, 40, channels), options)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});
