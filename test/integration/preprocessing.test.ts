// A model predicts with the preprocessing it was trained with: from the image sources through training, files and runtimes.

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completePreprocessing } from '../../src/image/internal.js';
import type { Preprocessing } from '../../src/image/index.js';
import { VARIANTS, type VariantSpec } from '../../src/scaling/index.js';
import {
  augment,
  callback,
  checkpoint,
  checkpointFile,
  classify,
  classNamesOf,
  Dataset,
  decodeImage,
  efficientNet,
  evaluate,
  fineTune,
  foldBatchNorm,
  imageBatches,
  imageFiles,
  imageFolder,
  loadModel,
  preprocessingOf,
  randomResizedCrop,
  replaceHead,
  resume,
  saveModel,
  setClassNames,
  trainHead,
  type LabeledFile,
  type LabeledImage,
  type ReadImagesOptions,
} from '../../src/node.js';
import { createRuntime, exportOnnx } from '../../src/onnx.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

const FOLDER = path.join(import.meta.dirname, '../../examples/data/clothing/validation');
/** A small network of the kind of a variant. */
const small = (variant: 'lite0' | 'b0'): VariantSpec => ({
  ...VARIANTS[variant],
  widthCoefficient: 0.5,
  depthCoefficient: 0.5,
  inputSize: 48,
  stages: VARIANTS[variant].stages.slice(0, 2),
});
const classNames = ['dress', 'hat'];
const epochs = { epochs: 2, seed: 1 };
let folder = '';

function backbone(variant: 'lite0' | 'b0' = 'lite0'): LayersModel {
  const model = efficientNet(small(variant), { classes: 7 });
  fillModel(model, 2);
  return model;
}

/** A sixth of the images, which is enough for every class. */
async function read(
  options: ReadImagesOptions = { inputSize: 48 },
): Promise<{ readonly images: Dataset<LabeledImage>; readonly files: readonly LabeledFile[] }> {
  const files = (await imageFolder(FOLDER, { classNames, shuffle: false, onSkipped: () => undefined })).files.filter((_, i) => i % 6 === 0);
  return { files, images: imageFiles(files, { shuffle: false, ...options }) };
}

beforeAll(async () => {
  await startWasm();
  folder = await mkdtemp(path.join(os.tmpdir(), 'effnet-'));
});
afterAll(() => rm(folder, { recursive: true }));

// The whole of it, with all images, whole networks and Python, is test/oracles/protocol.oracle.ts.
test.each<[variant: 'lite0' | 'b0', record: Preprocessing]>([
  ['lite0', { inputSize: 48, fit: 'stretch' }],
  ['b0', { inputSize: 48, fit: 'crop', cropFraction: 0.875, margins: 'ceil', interpolation: 'bicubic' }],
  ['b0', { inputSize: 48, fit: 'pad', fillValue: 114, antialias: true }],
  ['lite0', { inputSize: 48, fit: 'resizeCrop', cropFraction: 0.875, margins: 'even', resampler: 'pillow' }],
])('%s, %o: classify answers as evaluate for every file, after saving, loading, folding and exporting, too', async (variant, record) => {
  const { images, files } = await read({ preprocessing: record });
  const { model } = await trainHead(backbone(variant), { classNames, train: imageBatches(images), ...epochs });
  expect(preprocessingOf(model)).toEqual(completePreprocessing('test', record));
  const { predictions } = await evaluate(model, images);
  await saveModel(model, path.join(folder, record.fit));
  const loaded = await loadModel(path.join(folder, record.fit));
  const runtime = await createRuntime(await exportOnnx(loaded));
  const predictors = [model, loaded, await foldBatchNorm(loaded), runtime];
  for (const predictor of predictors) expect(preprocessingOf(predictor)).toEqual(completePreprocessing('test', record));
  for (const [row, file] of files.entries()) {
    const expected = [...predictions.probabilities.subarray(2 * row, 2 * row + 2)];
    const image = await decodeImage(file.path);
    for (const predictor of predictors) {
      const answer = await classify(predictor, image);
      expect(answer[0]?.index).toBe(predictions.predicted[row]);
      expect([0, 1].map((index) => answer.find((each) => each.index === index)?.probability)).toBeAllclose(expected, { tolerance: 1e-5 });
    }
  }
  // The images do tell one preprocessing from another: the answers depend on it.
  const [other] = await classify(model, await decodeImage(files[0]!.path), {
    preprocessing: { inputSize: 48, fit: 'crop', cropFraction: 0.3 },
  });
  expect(Math.abs(other!.probability - Math.max(...predictions.probabilities.subarray(0, 2)))).toBeGreaterThan(1e-4);
  await runtime.dispose();
});

test('evaluate rejects images preprocessed differently from the training images, unless allowed', async () => {
  const [stretched, cropped] = [await read(), await read({ inputSize: 48, fit: 'crop' })];
  const { model } = await trainHead(backbone(), { classNames, train: imageBatches(stretched.images), ...epochs });
  await expect(evaluate(model, cropped.images)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: evaluate: expected images with the preprocessing of the model, 'resize to 48 x 48 (bilinear)', for \`data\`, received 'center crop of the whole shorter side, then resize to 48 x 48 (bilinear)'. Read them with \`preprocessing: model\`, change that of the model with \`setPreprocessing\`, or pass \`otherPreprocessing: 'accept'\`.]`,
  );
  expect((await evaluate(model, cropped.images, { otherPreprocessing: 'accept' })).count).toBe(cropped.files.length);
});

test('training rejects different preprocessing for training and validation, and images of another size', async () => {
  const [stretched, cropped, large] = [await read(), await read({ inputSize: 48, fit: 'crop' }), await read({ inputSize: 64 })];
  const model = backbone();
  const train = imageBatches(stretched.images);
  const validation = imageBatches(cropped.images);
  await expect(trainHead(model, { classNames, train, validation })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainHead: expected the images of \`train\` and \`validation\` to be preprocessed alike, received 'resize to 48 x 48 (bilinear)' for \`train\` and 'center crop of the whole shorter side, then resize to 48 x 48 (bilinear)' for \`validation\`. Preprocess them alike, or pass the preprocessing that the model will be used with as \`preprocessing\`.]`,
  );
  await expect(trainHead(model, { classNames, train: imageBatches(large.images) })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: trainHead: expected images of 48 x 48 pixels for \`train\`, the input size of the model, received 64 x 64. Resize the images to the size of the model, for example with \`preprocessing: model\` where they are read, or build the model for their size.]`,
  );
  const stages = [{ unfreeze: ['predictions'], epochs: 1 }];
  await expect(fineTune(model, { train, validation, stages })).rejects.toThrow(
    'fineTune: expected the images of `train` and `validation` to be preprocessed alike',
  );
  await expect(fineTune(model, { train: imageBatches(large.images), stages })).rejects.toThrow(
    'fineTune: expected images of 48 x 48 pixels for `train`',
  );
  expect(preprocessingOf(model)).toEqual(preprocessingOf(efficientNet(small('lite0'))));
});

test('images of any size can be used for training if augment crops them to the size of the model', async () => {
  const [large, validation] = [(await read({ inputSize: 64 })).images, (await read({ inputSize: 48, antialias: true })).images];
  const cropped = augment(large, randomResizedCrop(48));
  expect(cropped.preprocessing).toBeUndefined();
  const { model } = await trainHead(backbone(), {
    classNames,
    train: imageBatches(cropped),
    validation: imageBatches(validation),
    ...epochs,
  });
  expect(preprocessingOf(model)).toEqual(validation.preprocessing);
});

test('fine-tuning stores the preprocessing of its last stage', async () => {
  const { images } = await read({ inputSize: 48, fit: 'crop' });
  const { model } = await trainHead(backbone(), { classNames, train: imageBatches((await read()).images), ...epochs });
  await fineTune(model, { train: imageBatches(images), stages: [{ unfreeze: ['predictions'], epochs: 1 }], stepsPerEpoch: 1 });
  expect(preprocessingOf(model)).toMatchObject({ fit: 'crop' });
});

test('checkpoints and unfinished runs contain the preprocessing and the class names', async () => {
  const { images } = await read({ inputSize: 48, fit: 'pad' });
  const train = imageBatches(images, { batchSize: 8 });
  const [best, run] = [path.join(folder, 'best.safetensors'), path.join(folder, 'run.safetensors')];
  const start = (): LayersModel => replaceHead(backbone(), { classes: 2, seed: 1 });
  const model = start();
  setClassNames(model, classNames);
  const stages = [{ unfreeze: ['predictions'], epochs: 2 }];
  const once = callback({
    onEpochEnd: () => {
      model.stopTraining = true;
    },
  });
  await fineTune(model, { train, stages, store: checkpointFile(run), callbacks: [checkpoint(best, { saveWeightsOnly: true }), once] });
  const [resumed, continued] = [start(), start()];
  await resume(resumed, best);
  await fineTune(continued, { train, stages, store: checkpointFile(run) });
  for (const each of [resumed, continued]) {
    expect(preprocessingOf(each)).toEqual(images.preprocessing);
    expect(classNamesOf(each)).toEqual(classNames);
  }
});

test('a dataset keeps its preprocessing in steps that keep the images, and loses it in steps that create new ones', async () => {
  const { images } = await read({ inputSize: 48, fit: 'pad' });
  const record = images.preprocessing;
  expect(record).toMatchObject({ fit: 'pad', inputSize: [48, 48] });
  const kept = [
    images.shuffle(4),
    images.take(2),
    images.skip(1),
    images.filter(() => true),
    images.repeat(2),
    images.cache(),
    images.prefetch(1),
    images.shard(2, 0),
    images.concat(images),
    images.map((image) => image),
    imageBatches(images),
    Dataset.zip(images, Dataset.range(3)),
  ];
  for (const each of kept) expect(each.preprocessing).toEqual(record);
  expect(images.concat((await read()).images).preprocessing).toBeUndefined();
  const original = (await read({})).images;
  expect([original.preprocessing, original.hasOriginalSizes, original.map((image) => image).hasOriginalSizes]).toEqual([
    undefined,
    true,
    false,
  ]);
  expect(original.map((image) => image).withPreprocessing({ inputSize: 48, fit: 'stretch' }).preprocessing).toMatchObject({
    fit: 'stretch',
  });
});
