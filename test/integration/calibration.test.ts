// Photos of clothes: a head that is trained with label smoothing is too unsure, and `calibrate` corrects it. Half of the validation photos
// determine the temperature and the threshold of unknown answers, the other half are measured in the exported ONNX model.

import { beforeAll, expect, test } from 'vitest';
import { evaluate } from '../../src/evaluation/predict/index.js';
import { coverageCurve, fitUnknownThreshold, withTemperature, type Evaluation } from '../../src/evaluation/metrics/index.js';
import { imageBatches } from '../../src/data/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { imageFiles, imageFolder, type LabeledFile } from '../../src/node/images/index.js';
import { pretrained } from '../../src/node/weights/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { trainHead } from '../../src/training/index.js';

const data = new URL('../../examples/data/', import.meta.url).pathname;
let temperature: number;
let threshold: number;
let after: Evaluation;

beforeAll(async () => {
  await selectBackend(['wasm']);
  const all = await imageFolder(`${data}clothing/train`);
  const held = await imageFolder(`${data}clothing/validation`);
  const { classNames } = all;
  const options = { inputSize: 128, classes: classNames.length, shuffle: false } as const;
  // Every second photo of each class.
  const images = (files: readonly LabeledFile[], odd: number) =>
    imageFiles(
      files.filter((_, i) => i % 2 === odd),
      options,
    );
  const fitting = images(held.files, 0);
  const backbone = await pretrained('lite0', { inputSize: 128, weights: `${data}weights/efficientnet-lite0.safetensors` });
  const learned = await trainHead(backbone, {
    classNames,
    train: imageBatches(images(all.files, 0)),
    validation: imageBatches(fitting),
    labelSmoothing: 0.1,
    calibrate: true,
    runtime: createRuntime,
    seed: 1,
  });
  temperature = learned.temperature!;
  const runtime = await createRuntime(await exportOnnx(learned.model));
  threshold = fitUnknownThreshold(await evaluate(runtime, fitting), { maxError: 0.05 });
  after = await evaluate(runtime, images(held.files, 1));
  await runtime.dispose();
  learned.model.dispose();
}, 900_000);

test('the expected calibration error falls, and the accuracy remains the same', () => {
  // What the model would have answered without `calibrate`.
  const before = withTemperature(after, 1 / temperature);
  expect(temperature).toBeLessThan(0.7);
  expect(before.calibration.ece).toBeGreaterThan(0.15);
  expect(after.calibration.ece).toBeLessThan(0.7 * before.calibration.ece);
  expect(after.loss).toBeLessThan(before.loss);
  expect(after.accuracy).toBe(before.accuracy);
});

test('of the answers that reach the threshold, most are right', () => {
  const { thresholds, coverage, accuracy } = coverageCurve(after);
  const last = thresholds.findLastIndex((each) => each >= threshold);
  expect(coverage[last]).toBeGreaterThan(0.15);
  expect(accuracy[last]).toBeGreaterThan(after.accuracy + 0.05);
});
