// A dataset carries the preprocessing of its images.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import { augment, cutMix, Dataset, imageBatches, mixUp, type LabeledImage } from '../../src/data/index.js';
import {
  autoAugment,
  colorJitter,
  evalTransform,
  oneOfTransforms,
  pcaLighting,
  preprocess,
  randAugment,
  randomAffine,
  randomBlur,
  randomErasing,
  randomFlip,
  randomGrayscale,
  randomly,
  randomResizedCrop,
  resize,
  resizeShorterSide,
  centerCrop,
  resizing,
  sequence,
  trainAugmentation,
  transformOf,
  trivialAugment,
  type Pixels,
  type Preprocessing,
  type RecipeName,
  type Transform,
} from '../../src/image/index.js';
import { completePreprocessing, transformFrom } from '../../src/image/internal.js';
import { efficientNet, setPreprocessing } from '../../src/models/index.js';
import { PRETRAINED } from '../../src/weights/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const noise = (height: number, width: number): Pixels => {
  const random = createRandom(height);
  return { height, width, channels: 3, data: Uint8Array.from({ length: height * width * 3 }, () => random.integer(256)) };
};
const complete = (preprocessing: Preprocessing): Preprocessing => completePreprocessing('test', preprocessing);

const STRETCH = complete({ inputSize: 8, fit: 'stretch' });
const CROP = complete({ inputSize: 8, fit: 'crop', cropFraction: 0.875, interpolation: 'bicubic' });
const own = transformOf('mine', (image) => image);
const images = (side = 8): Dataset<LabeledImage> =>
  Dataset.from(
    [0, 1, 0].map((label, i): LabeledImage => ({
      pixels: noise(side, side),
      label: Float32Array.of(label, 1 - label),
      origin: `${i}.jpg`,
    })),
  );
const original = images(20).withPreprocessing('original');
const sized = images().withPreprocessing(STRETCH);

describe('a transform', () => {
  const kept: Transform[] = [
    randomFlip(),
    randomFlip({ direction: 'vertical' }),
    colorJitter({ hue: 0.1 }),
    pcaLighting(),
    randomGrayscale(),
    randomBlur(),
    randomErasing(),
    randomAffine({ rotation: 5 }),
    randAugment(),
    autoAugment(),
    trivialAugment(),
    transformOf('mine', (image) => image, 'kept'),
    sequence(),
    sequence(randomFlip(), pcaLighting()),
    randomly(0.5, randomFlip()),
    oneOfTransforms(randomBlur(), randomGrayscale()),
  ];
  test.each(kept.map((transform) => [transform.describe(), transform] as const))(
    'that keeps the image size has a preprocessing of "kept": %s',
    async (_, transform) => {
      expect(transform.preprocessing).toBe('kept');
      expect(await transform.apply(noise(12, 9), createRandom(1))).toMatchObject({ height: 12, width: 9 });
    },
  );

  const unknown: [string, Transform][] = [
    ['a random crop', randomResizedCrop(8)],
    ['a function of the caller', own],
    ['a sequence with one', sequence(randomFlip(), own)],
    ['two that resize', sequence(resizing(20), resizing(8))],
    ['one that resizes some images', randomly(0.5, resizing(8))],
    ['a choice between two sizes', oneOfTransforms(resizing(8), resizing(9))],
    ['a choice between resizing and not', oneOfTransforms(resizing(8), randomFlip())],
  ];
  test.each(unknown)('whose evaluation is unknown has no preprocessing: %s', (_, transform) => {
    expect(transform.preprocessing).toBeUndefined();
  });

  const known: [string, Transform, Preprocessing][] = [
    ['resizing', resizing(8), STRETCH],
    [
      'resizing with options',
      resizing([8, 6], { interpolation: 'bicubic', antialias: true }),
      { inputSize: [8, 6], fit: 'stretch', interpolation: 'bicubic', antialias: true },
    ],
    ['as Pillow', resizing(8, { resampler: 'pillow' }), { inputSize: 8, fit: 'stretch', antialias: true, resampler: 'pillow' }],
    ['evalTransform of a record', evalTransform(CROP), CROP],
    ['resizing before flips', sequence(resizing(8), randomFlip()), STRETCH],
    ['resizing after colors', sequence(colorJitter({ hue: 0.1 }), resizing(8)), STRETCH],
    ['a choice between equals', oneOfTransforms(sequence(resizing(8), randomFlip()), resizing(8)), STRETCH],
    ['a function of the caller that says so', transformOf('mine', (image) => resize(image, 8), { inputSize: 8, fit: 'stretch' }), STRETCH],
    ['the default recipe', trainAugmentation('default', 8), { inputSize: 8, fit: 'stretch', antialias: true }],
    ['the ImageNet recipe', trainAugmentation('imagenet', 224), { inputSize: 224, fit: 'resizeCrop', cropFraction: 0.875 }],
    ['the X-ray recipe', trainAugmentation('xray', 8), STRETCH],
    ['the recipe that resizes', trainAugmentation('resize', 8), STRETCH],
  ];
  test.each(known)('has the preprocessing of evaluation: %s', (_, transform, expected) => {
    expect(transform.preprocessing).toEqual(complete(expected));
    if (transform.spec !== undefined) expect(transformFrom(structuredClone(transform.spec)).preprocessing).toEqual(transform.preprocessing);
  });

  test('rejects an invalid preprocessing', () => {
    expect(() => transformOf('mine', (image) => image, { inputSize: 0, fit: 'stretch' })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: transformOf: expected a positive integer or [height, width] for \`inputSize\`, received 0.]`,
    );
  });
});

describe('evalTransform', () => {
  test.each([28, 56, 75])(
    "the ImageNet recipe's evaluation cuts the center of an image whose shorter side is 256/224 of %i, rounded",
    async (size) => {
      for (const image of [noise(60, 80), noise(91, 50)]) {
        const cut = centerCrop(resizeShorterSide(image, Math.round((256 * size) / 224)), size);
        expect(await evalTransform('imagenet', size).apply(image, createRandom(1))).toEqual(cut);
      }
    },
  );

  test.each(['default', 'imagenet', 'xray', 'resize'] as RecipeName[])(
    'recipe %s: the pixels are those of its preprocessing',
    async (recipe) => {
      const image = noise(40, 30);
      const transform = evalTransform(recipe, 16);
      expect(transform.preprocessing).toEqual(trainAugmentation(recipe, 16).preprocessing);
      expect(await transform.apply(image, createRandom(1))).toEqual(preprocess(image, transform.preprocessing as Preprocessing));
    },
  );

  test('accepts a model, a runtime, a dataset and published weights, and rejects objects without a preprocessing', async () => {
    const net = efficientNet('lite0', { inputSize: 32, includeTop: false });
    setPreprocessing(net, { ...CROP, inputSize: 32 });
    const image = noise(40, 30);
    const made = preprocess(image, { ...CROP, inputSize: 32 });
    for (const source of [net, { preprocessing: { ...CROP, inputSize: 32 } }, images(32).withPreprocessing({ ...CROP, inputSize: 32 })]) {
      expect(await evalTransform(source).apply(image, createRandom(1))).toEqual(made);
    }
    expect(evalTransform(PRETRAINED['timm/tf_efficientnet_b0.in1k']!.preprocessing).preprocessing).toMatchObject({
      fit: 'resizeCrop',
      resampler: 'pillow',
      inputSize: [224, 224],
    });
    net.dispose();
    const plain = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [4] })] });
    expect(() => evalTransform(plain)).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evalTransform: expected a model, runtime or dataset whose preprocessing is known for \`preprocessing\`, received an instance of Sequential. Give a preprocessing, such as { inputSize: 224, fit: 'stretch' }, or store one in the model with \`setPreprocessing\`.]`,
    );
    expect(() => evalTransform({ preprocessing: undefined })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evalTransform: expected a model, runtime or dataset whose preprocessing is known for \`preprocessing\`, received { preprocessing }. Give a preprocessing, such as { inputSize: 224, fit: 'stretch' }, or store one in the model with \`setPreprocessing\`.]`,
    );
    expect(() => evalTransform(original)).toThrow('expected a model, runtime or dataset whose preprocessing is known');
    expect(() => evalTransform(CROP, 8)).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evalTransform: expected no value beside a preprocessing, which contains \`inputSize\`, for \`size\`, received 8.]`,
    );
    expect(() => evalTransform('food' as never)).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evalTransform: expected one of 'default', 'imagenet', 'xray', 'resize' for \`preprocessing\`, received 'food'.]`,
    );
    expect(() => evalTransform(5 as never)).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evalTransform: expected a preprocessing, or a model, runtime or dataset that has one, for \`preprocessing\`, received 5.]`,
    );
    plain.dispose();
  });
});

describe('augment', () => {
  test('keeps the preprocessing if the size is kept', () => {
    expect(augment(sized, randomFlip()).preprocessing).toEqual(STRETCH);
    expect(augment(augment(sized, randomFlip()), pcaLighting()).preprocessing).toEqual(STRETCH);
    expect(augment(original, randomFlip()).hasOriginalSizes).toBe(true);
    expect(augment(images(), randomFlip())).toMatchObject({ preprocessing: undefined, hasOriginalSizes: false });
  });

  test('gives images of their original sizes the preprocessing of the transform', () => {
    expect(augment(original, trainAugmentation('xray', 8)).preprocessing).toEqual(STRETCH);
    expect(augment(augment(original, colorJitter({ hue: 0.1 })), evalTransform(CROP)).preprocessing).toEqual(CROP);
  });

  test('has no preprocessing after resizing twice, a random crop or a custom function', () => {
    for (const changed of [
      augment(sized, resizing(6)),
      augment(images(), resizing(6)),
      augment(original, randomResizedCrop(8)),
      augment(sized, randomResizedCrop(8)),
      augment(sized, own),
      augment(original, own),
    ]) {
      expect(changed).toMatchObject({ preprocessing: undefined, hasOriginalSizes: false });
    }
    expect(augment(original, randomResizedCrop(8)).withPreprocessing(CROP).preprocessing).toEqual(CROP);
  });
});

test('batching, mixing, caching, repeating and splitting keep the preprocessing', () => {
  const batches = imageBatches(sized, { batchSize: 2 });
  const kept = [
    batches,
    batches.map(mixUp()),
    batches.map(cutMix()),
    batches.prefetch(2),
    sized.cache(),
    sized.repeat(2),
    sized.take(2),
    sized.skip(1),
    sized.shard(2, 0),
    sized.shuffle(3),
    sized.filter(() => true),
  ];
  for (const each of kept) expect(each.preprocessing).toEqual(STRETCH);
  expect(sized.fingerprint).toEqual(images().fingerprint);
});

describe('imageBatches', () => {
  test('rejects an image whose size differs from the preprocessing, by name', async () => {
    const shrunk = sized.map((image, { index }) => (index === 1 ? { ...image, pixels: resize(image.pixels, 6) } : image));
    const read = imageBatches(shrunk, { batchSize: 1 }).map(({ xs, ys }) => {
      tf.dispose([xs, ys]);
    });
    await expect(read.toArray()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: imageBatches: expected images of [8, 8], the inputSize of the dataset's preprocessing, received [6, 6] from '1.jpg'. After a \`map\` that changes the size, declare the new one with \`withPreprocessing\`.]`,
    );
    const all = sized.map((image) => ({ ...image, pixels: resize(image.pixels, 6) }));
    await expect(imageBatches(all).toArray()).rejects.toThrow(
      "expected images of [8, 8], the inputSize of the dataset's preprocessing, received [6, 6] from '0.jpg'",
    );
    const [batch] = await imageBatches(all.withPreprocessing({ ...STRETCH, inputSize: 6 })).toArray();
    expect(batch!.xs.shape).toEqual([3, 6, 6, 3]);
    tf.dispose([batch!.xs, batch!.ys]);
  });

  test('accepts images of any size without a preprocessing', async () => {
    const [batch] = await imageBatches(original).toArray();
    expect(batch!.xs.shape).toEqual([3, 20, 20, 3]);
    tf.dispose([batch!.xs, batch!.ys]);
  });
});
