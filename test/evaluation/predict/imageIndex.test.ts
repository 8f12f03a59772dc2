// Classifiers from features without training, and search, on noisy images whose brightest color channel is the class.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { Dataset, imageBatches, type LabeledImage } from '../../../src/data/index.js';
import { classify, evaluate, imageIndex, type ImageIndex, type IndexableImage } from '../../../src/evaluation/predict/index.js';
import { writeKeras } from '../../../src/hdf5/index.js';
import { preprocessingOf } from '../../../src/image/index.js';
import { classNamesOf, efficientNet, loadModel, planOf, saveModel, setPreprocessing } from '../../../src/models/index.js';
import { createRuntime } from '../../../src/onnx/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { readSafetensors, writeSafetensors } from '../../../src/weights/index.js';
import { fillModel } from '../../support/fillModel.js';
import { expectNoLeak } from '../../support/leaks.js';
import { startWasm } from '../../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32, stages: VARIANTS.b0.stages.slice(0, 2) };
const PREPROCESSING = { inputSize: 32, fit: 'stretch' } as const;
const classNames = ['red', 'green', 'blue'];

function backbone(seed = 2): LayersModel {
  const model = efficientNet(SPEC, { classes: 7 });
  fillModel(model, seed);
  setPreprocessing(model, PREPROCESSING);
  return model;
}

function imagesOf(count: number, seed: number, size = 32): LabeledImage[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const label = i % 3;
    const data = Float32Array.from({ length: size * size * 3 }, (_value, k) => random.uniform(0, k % 3 === label ? 255 : 150));
    return { pixels: { width: size, height: size, channels: 3 as const, data }, label, origin: `${seed}/${i}` };
  });
}

async function filled(model: LayersModel, images: readonly LabeledImage[] = imagesOf(24, 1)): Promise<ImageIndex> {
  const index = await imageIndex(model);
  await index.add(images, { classNames });
  return index;
}

async function predictions(model: LayersModel, images = imagesOf(9, 5)): Promise<number[][]> {
  const results = await Promise.all(images.map(({ pixels }) => classify(model, pixels, { topK: 9 })));
  return results.map((classes) => classes.toSorted((a, b) => a.index - b.index).map(({ probability }) => probability));
}

function expectClose(received: readonly number[][], expected: readonly number[][], digits = 5): void {
  expect(received.length).toBe(expected.length);
  received.flat().forEach((value, i) => {
    expect(value).toBeCloseTo(expected.flat()[i]!, digits);
  });
}

beforeAll(startWasm);

test('the classifier is right about images that the index has not seen, and is a model like any other', async () => {
  const base = backbone();
  const index = await filled(base);
  const { model, leaveOneOut } = await index.classifier(base);
  const { accuracy, loss } = await evaluate(model, imagesOf(60, 2));
  expect(accuracy).toBeGreaterThan(0.9);
  expect(leaveOneOut?.count).toBe(24);
  expect(leaveOneOut?.accuracy).toBeGreaterThan(0.85);
  expect(leaveOneOut?.loss).toBeLessThan(2 * loss + 0.2);
  expect(classNamesOf(model)).toEqual(classNames);
  expect(planOf(model).classes).toBe(3);
  expect(preprocessingOf(model)).toEqual(index.preprocessing);

  const expected = await predictions(model);
  let artifacts: tf.io.ModelArtifacts | undefined;
  await saveModel(
    model,
    tf.io.withSaveHandler((saved) => {
      artifacts = saved;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } });
    }),
  );
  expectClose(await predictions(await loadModel(tf.io.fromMemory(artifacts!))), expected);
  const runtime = await createRuntime(model);
  const [image] = imagesOf(1, 5);
  const answers = await classify(runtime, image!.pixels, { topK: 3 });
  for (const { index: c, className, probability } of answers) {
    expect(className).toBe(classNames[c]);
    expect(probability).toBeCloseTo(expected[0]![c]!, 4);
  }
  await runtime.dispose();
  expect((await writeKeras(model)).length).toBeGreaterThan(1000);
});

test('images of any size and datasets that state the preprocessing give the same features', async () => {
  const base = backbone();
  const index = await imageIndex(base);
  const photos = imagesOf(6, 1, 48);
  await index.add(photos, { classNames });
  const { images } = { images: Dataset.from(imagesOf(6, 1)).withPreprocessing(PREPROCESSING) };
  await index.add(images, { classNames });
  expect(index.images).toHaveLength(12);
  const [best] = await index.search(photos[4]!.pixels);
  expect(best).toMatchObject({ index: 4, className: 'green', origin: '1/4' });
  expect(best!.similarity).toBeCloseTo(1, 5);
});

test('a class that is added and removed again leaves the classifier as it was', async () => {
  const base = backbone();
  const index = await filled(base);
  let { model } = await index.classifier(base);
  const before = await predictions(model);
  const dark = imagesOf(8, 3).map((image) => ({
    ...image,
    pixels: { ...image.pixels, data: image.pixels.data.map((value) => value / 8) },
  }));
  await index.add(dark as IndexableImage[], { className: 'dark' });
  ({ model } = await index.classifier(model));
  expect(index.classNames).toEqual([...classNames, 'dark']);
  expect((await classify(model, dark[0]!.pixels as never))[0]?.className).toBe('dark');

  // The same as from an index that never was smaller.
  const whole = await filled(backbone());
  await whole.add(dark as IndexableImage[], { className: 'dark' });
  expectClose(await predictions(model), await predictions((await whole.classifier(backbone())).model), 4);

  expect(index.remove(({ className }) => className === 'dark')).toBe(8);
  expect(index.classNames).toEqual(classNames);
  ({ model } = await index.classifier(model));
  expectClose(await predictions(model), before, 4);
});

test('single images are removed by their origin', async () => {
  const index = await filled(backbone());
  expect(index.remove(({ origin }) => origin === '1/4' || origin === '1/5')).toBe(2);
  expect(index.images).toHaveLength(22);
  expect(index.images[4]).toEqual({ index: 4, className: 'red', origin: '1/6' });
  expect(index.remove(() => false)).toBe(0);
});

test('labels may be one-hot, and classes keep the order of their names', async () => {
  const index = await imageIndex(backbone());
  const vectors = imagesOf(3, 1).map((image) => ({ ...image, label: Float32Array.from([0, 1, 2], (c) => Number(c === image.label)) }));
  await index.add(vectors.toReversed(), { classNames });
  expect(index.classNames).toEqual(classNames);
  expect(index.images.map(({ className }) => className)).toEqual(classNames.toReversed());
});

test('search returns the most similar images first, among all classes or one', async () => {
  const index = await filled(backbone());
  const [query] = imagesOf(1, 9);
  const found = await index.search(query!.pixels, { topK: 24 });
  expect(found).toHaveLength(24);
  const similarities = found.map(({ similarity }) => similarity);
  expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
  expect(found.slice(0, 3).map(({ className }) => className)).toEqual(['red', 'red', 'red']);
  const blue = await index.search(query!.pixels, { topK: 2, className: 'blue' });
  expect(blue).toEqual(found.filter(({ className }) => className === 'blue').slice(0, 2));
});

describe('saved', () => {
  test('an index comes back from a file, and makes the same classifier', async () => {
    const base = backbone();
    const index = await filled(base);
    const bytes = writeSafetensors(await index.arrays());
    const again = await imageIndex(base, { saved: readSafetensors(bytes) });
    expect(again.images).toEqual(index.images);
    expect(again.classNames).toEqual(classNames);
    expect(again.preprocessing).toEqual(index.preprocessing);
    const { model } = await index.classifier(base);
    const expected = await predictions(model);
    expectClose(await predictions((await again.classifier(model)).model), expected, 6);
  });

  test('features of other weights, of another preprocessing and other files are refused, without a leak', async () => {
    const base = backbone();
    const index = await filled(base);
    const saved = await index.arrays();
    const [other, before] = [backbone(7), tf.memory().numTensors];
    await expect(imageIndex(other, { saved })).rejects.toThrow(
      /^imageIndex: expected features of this backbone for `saved`, received those of one with other weights \(similarity -?\d\.\d\d for the same image\)\. Pass the backbone/,
    );
    await expect(imageIndex(base, { saved, preprocessing: { inputSize: 32, fit: 'crop' } })).rejects.toThrow(
      "imageIndex: expected the preprocessing of `saved`, 'resize to 32 x 32 (bilinear)', for `preprocessing`, received 'center crop",
    );
    await expect(imageIndex(base, { saved: new Map() })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: imageIndex: expected the arrays that \`index.arrays()\` returns for \`saved\`, received none. The file is damaged, or of another kind.]`,
    );
    const damaged = Object.assign(new Map([...saved, ['labels', { ...saved.get('labels')!, values: () => Float32Array.of(1, 9) }]]), {
      classNames,
      preprocessing: saved.preprocessing,
    });
    await expect(imageIndex(base, { saved: damaged })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: imageIndex: expected labels and origins for each of 24 images for \`saved\`, received 2 and 24. The file is damaged, or of another kind.]`,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('another runtime computes the features', async () => {
  const base = backbone();
  const [plain, fast] = [await filled(base), await imageIndex(base, { runtime: createRuntime })];
  await fast.add(imagesOf(24, 1), { classNames });
  const [query] = imagesOf(1, 9);
  const [found, expected] = [await fast.search(query!.pixels), await plain.search(query!.pixels)];
  expect(found.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
  await fast.dispose();
});

test('nothing is left behind', async () => {
  await expectNoLeak(async () => {
    const base = backbone();
    const index = await filled(base, imagesOf(9, 1));
    await index.search(imagesOf(1, 2)[0]!.pixels);
    const { model } = await index.classifier((await index.classifier(base)).model);
    await index.dispose();
    await index.dispose();
    model.dispose();
  });
});

const dataset = Dataset.from(imagesOf(3, 1));
test.each<[string, (index: ImageIndex) => Promise<unknown>]>([
  ['neither a class nor classes', (index) => index.add(imagesOf(3, 1), {})],
  ['a class and classes', (index) => index.add(imagesOf(3, 1), { className: 'a', classNames })],
  ['a label without a name', (index) => index.add(imagesOf(3, 1), { classNames: ['red', 'green'] })],
  ['images without labels', (index) => index.add([{ pixels: imagesOf(1, 1)[0]!.pixels }], { classNames })],
  ['no images', (index) => index.add([], { classNames })],
  ['batches', (index) => index.add([{ xs: 1, ys: 2 }] as never, { classNames })],
  ['endless data', (index) => index.add(dataset.repeat(), { classNames })],
  ['another preprocessing', (index) => index.add(dataset.withPreprocessing({ inputSize: 32, fit: 'crop' }), { classNames })],
  ['a class that is unknown', (index) => index.search(imagesOf(1, 1)[0]!.pixels, { className: 'reed' })],
  ['a shrinkage of 0', (index) => index.classifier(backbone(), { shrinkage: 0 })],
  ['another width', (index) => index.classifier(efficientNet({ ...SPEC, widthCoefficient: 0.5 }, { classes: 2 }))],
])('refuses %s, and remains unchanged', async (_, call) => {
  const index = await filled(backbone(), imagesOf(6, 1));
  const images = index.images;
  await expect(call(index)).rejects.toThrowErrorMatchingSnapshot();
  expect(index.images).toEqual(images);
});

test('a model with other weights is refused', async () => {
  const index = await filled(backbone(), imagesOf(6, 1));
  await expect(index.classifier(backbone(7))).rejects.toThrow(
    /^imageIndex\.classifier: expected the backbone of the index for `model`, received a model with other weights \(similarity -?\d\.\d\d for/,
  );
});

test('batches of a dataset, one class and a disposed index are refused', async () => {
  const base = backbone();
  const index = await imageIndex(base);
  const before = tf.memory().numTensors;
  await expect(index.add(imageBatches(dataset) as never, { classNames })).rejects.toThrow(
    'Pass the images themselves, not batches of them.',
  );
  expect(tf.memory().numTensors).toBe(before);
  await index.add(imagesOf(1, 1), { className: 'red' });
  await expect(index.classifier(base)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: imageIndex.classifier: expected at least two classes in the index, received ['red']. Add images of others.]`,
  );
  await index.dispose();
  await expect(index.search(imagesOf(1, 1)[0]!.pixels)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: imageIndex.search: expected an index in use, received one that is disposed. Create it again.]`,
  );
});
