// What a model learned from is what it answers on: the images of the sources, through training, files and runtimes.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VARIANTS } from '../../src/scaling/index.js';
import {
  augment, classify, Dataset, decodeImage, efficientNet, evaluate, fineTune, imageBatches, imageFolder, loadModel, preprocessingOf, randomResizedCrop, saveModel, trainHead,
  type ImageFolderOptions,
} from '../../src/node.js';
import { createRuntime, exportOnnx } from '../../src/onnx.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

const FOLDER = path.join(import.meta.dirname, '../../examples/data/clothing/validation');
const SPEC = { ...VARIANTS.lite0, widthCoefficient: 0.5, depthCoefficient: 0.5, inputSize: 48, stages: VARIANTS.lite0.stages.slice(0, 2) };
const classNames = ['dress', 'hat'];
const epochs = { epochs: 2, seed: 1 };
let folder = '';

function backbone(): ReturnType<typeof efficientNet> {
  const model = efficientNet(SPEC, { classes: 7 });
  fillModel(model, 2);
  return model;
}

const read = (options: ImageFolderOptions = {}): ReturnType<typeof imageFolder> => imageFolder(FOLDER, { classNames, inputSize: 48, shuffle: false, ...options });

beforeAll(async () => {
  await startWasm();
  folder = await mkdtemp(path.join(os.tmpdir(), 'effnet-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([{ fit: 'stretch' }, { fit: 'crop', interpolation: 'bicubic', antialias: true }, { fit: 'pad', antialias: true }] as const)(
  '$fit: classify answers as evaluate for every file, after saving, loading and exporting, too', async (options) => {
    const { images, files } = await read(options);
    const { model } = await trainHead(backbone(), { classNames, train: imageBatches(images), ...epochs });
    expect(preprocessingOf(model)).toMatchObject({ inputSize: [48, 48], ...options });
    const { predictions } = await evaluate(model, images);
    await saveModel(model, path.join(folder, options.fit));
    const predictors = [model, await loadModel(path.join(folder, options.fit)), await createRuntime(await exportOnnx(model))];
    for (const [row, file] of files.entries()) {
      const expected = [...predictions.probabilities.subarray(2 * row, 2 * row + 2)];
      const image = await decodeImage(await readFile(file.path));
      for (const predictor of predictors) {
        const answer = await classify(predictor, image);
        expect([0, 1].map((index) => answer.find((each) => each.index === index)?.probability)).toBeAllclose(expected, { tolerance: 1e-5 });
      }
    }
  });

test('evaluate refuses images made in another way than the model learned from, unless told otherwise', async () => {
  const [stretched, cropped] = [await read(), await read({ fit: 'crop' })];
  const { model } = await trainHead(backbone(), { classNames, train: imageBatches(stretched.images), ...epochs });
  await expect(evaluate(model, cropped.images)).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: evaluate: expected images as the model takes them ('resize to 48 x 48 (bilinear)'), received images made by 'center crop of the whole shorter side, then resize to 48 x 48 (bilinear)'. Read them with the same options, or set \`otherPreprocessing: 'accept'\`.]`);
  expect((await evaluate(model, cropped.images, { otherPreprocessing: 'accept' })).count).toBe(cropped.files.length);
});

test('training refuses training and validation images made in different ways, and images of another size', async () => {
  const [stretched, cropped, large] = [await read(), await read({ fit: 'crop' }), await read({ inputSize: 64 })];
  const model = backbone();
  const train = imageBatches(stretched.images);
  const validation = imageBatches(cropped.images);
  await expect(trainHead(model, { classNames, train, validation })).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: trainHead: expected \`train\` and \`validation\` of one preprocessing, received 'resize to 48 x 48 (bilinear)' and 'center crop of the whole shorter side, then resize to 48 x 48 (bilinear)'. Read both with the same options.]`);
  await expect(trainHead(model, { classNames, train: imageBatches(large.images) })).rejects.toThrowErrorMatchingInlineSnapshot(`[ShapeError: trainHead: expected images [null, 48, 48, 3], received images of 64 x 64 pixels. Read them with the model's \`inputSize\`, or, where a function of yours resized them, state it with withPreprocessing.]`);
  const stages = [{ unfreeze: ['predictions'], epochs: 1 }];
  await expect(fineTune(model, { train, validation, stages })).rejects.toThrow('fineTune: expected `train` and `validation` of one preprocessing');
  await expect(fineTune(model, { train: imageBatches(large.images), stages })).rejects.toThrow('fineTune: expected images [null, 48, 48, 3]');
  expect(preprocessingOf(model)).toBeUndefined();
});

test('images that augment crops to the size of the model train, whatever size they were read at', async () => {
  const [large, validation] = [(await read({ inputSize: 64 })).images, (await read({ antialias: true })).images];
  const cropped = augment(large, randomResizedCrop(48));
  expect(cropped.preprocessing).toBeUndefined();
  const { model } = await trainHead(backbone(), { classNames, train: imageBatches(cropped), validation: imageBatches(validation), ...epochs });
  expect(preprocessingOf(model)).toEqual(validation.preprocessing);
});

test('fine-tuning stores how the images of its last stage were made', async () => {
  const { images } = await read({ fit: 'crop' });
  const { model } = await trainHead(backbone(), { classNames, train: imageBatches((await read()).images), ...epochs });
  await fineTune(model, { train: imageBatches(images), stages: [{ unfreeze: ['predictions'], epochs: 1 }], stepsPerEpoch: 1 });
  expect(preprocessingOf(model)).toMatchObject({ fit: 'crop' });
});

test('a dataset keeps how its images were made through every step that keeps the images, and forgets it where they are made anew', async () => {
  const { images } = await read({ fit: 'pad' });
  const record = images.preprocessing;
  expect(record).toMatchObject({ fit: 'pad', inputSize: [48, 48] });
  const kept = [
    images.shuffle(4), images.take(2), images.skip(1), images.filter(() => true), images.repeat(2), images.cache(), images.prefetch(1), images.shard(2, 0),
    images.concat(images), images.map((image) => image), imageBatches(images), Dataset.zip(images, Dataset.range(3)),
  ];
  for (const each of kept) expect(each.preprocessing).toEqual(record);
  expect(images.concat((await read()).images).preprocessing).toBeUndefined();
  const original = (await imageFolder(FOLDER, { classNames })).images;
  expect([original.preprocessing, original.hasOriginalSizes, original.map((image) => image).hasOriginalSizes]).toEqual([undefined, true, false]);
  expect(original.map((image) => image).withPreprocessing({ inputSize: 48, fit: 'stretch' }).preprocessing).toMatchObject({ fit: 'stretch' });
});
