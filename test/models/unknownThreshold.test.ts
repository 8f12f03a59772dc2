// The threshold of unknown answers travels with a model, and leaves when its probabilities change.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { readKeras, writeKeras } from '../../src/hdf5/index.js';
import { classNamesOf, efficientNet, replaceHead, setClassNames, setUnknownThreshold, unknownThresholdOf } from '../../src/models/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { fineTune } from '../../src/training/index.js';
import { readCheckpoint, writeCheckpoint } from '../../src/training/checkpointBytes.js';
import { loadWeights, readSafetensors, weightsOf, writeSafetensors, type NamedArrays } from '../../src/weights/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { tinyData, tinyModel } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const SPEC = { ...VARIANTS.lite0, widthCoefficient: 0.1, depthCoefficient: 0.1, inputSize: 32, stages: VARIANTS.lite0.stages.slice(0, 1) };

function network(threshold?: number): tfl.LayersModel {
  const model = efficientNet(SPEC, { classes: 3, seed: 1 });
  setClassNames(model, ['cat', 'dog', 'owl']);
  setUnknownThreshold(model, threshold);
  return model;
}

test('is stored until it is removed', () => {
  const model = network(0.75);
  expect(unknownThresholdOf(model)).toBe(0.75);
  expect(classNamesOf(model)).toEqual(['cat', 'dog', 'owl']);
  setUnknownThreshold(model, undefined);
  expect(unknownThresholdOf(model)).toBeUndefined();
});

test('saved models, weight files and ONNX files contain it', async () => {
  const model = network(0.625);
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  expect(unknownThresholdOf(await tfl.loadLayersModel(tf.io.fromMemory(saved!)))).toBe(0.625);

  const other = network();
  await loadWeights(other, writeSafetensors(await weightsOf(model)));
  expect(unknownThresholdOf(other)).toBe(0.625);

  const keras = network();
  await loadWeights(keras, await readKeras(await writeKeras(model)));
  expect(unknownThresholdOf(keras)).toBe(0.625);

  const runtime = await createRuntime(await exportOnnx(model));
  expect(runtime.unknownThreshold).toBe(0.625);
  await runtime.dispose();
});

test('checkpoints of training contain it', async () => {
  const none: NamedArrays = new Map();
  const { weights } = readCheckpoint(
    writeCheckpoint({ weights: await weightsOf(network(0.625)), optimizer: none, others: none, notes: {} }),
  );
  expect(weights.unknownThreshold).toBe(0.625);
});

test('other weights and another head remove it', async () => {
  const model = network(0.5);
  await loadWeights(model, await weightsOf(network()));
  expect(unknownThresholdOf(model)).toBeUndefined();
  setUnknownThreshold(model, 0.5);
  expect(unknownThresholdOf(replaceHead(model, { classes: 2 }))).toBeUndefined();
});

test('fine-tuning removes it', async () => {
  const model = tinyModel();
  setUnknownThreshold(model, 0.5);
  await fineTune(model, { train: tinyData(), stages: [{ unfreeze: 'all', epochs: 1 }] });
  expect(unknownThresholdOf(model)).toBeUndefined();
});

test('what a file contains instead of a probability is ignored', () => {
  expect(readSafetensors(writeSafetensors(new Map(), { metadata: { unknownThreshold: '7' } })).unknownThreshold).toBeUndefined();
  expect(() => {
    setUnknownThreshold(network(), 1.5);
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: setUnknownThreshold: expected a number in [0, 1] or undefined for \`threshold\`, received 1.5.]`,
  );
});
