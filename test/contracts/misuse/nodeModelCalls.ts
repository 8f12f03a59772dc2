// Models, weights, backends and training on disk.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  checkpoint,
  efficientNet,
  encodeImage,
  eventFile,
  evaluatePredictions,
  imageFolder,
  saveModel,
  VARIANTS,
  weightsOf,
  writeSafetensors,
} from '../../../src/node.js';
import { patterned } from '../../support/patterned.js';
import { tinyModel } from '../../support/tinyTraining.js';
import type { BaseCalls } from './baseCall.js';
import { classFolders, placeOf } from './nodeFiles.js';

const nothing = (): void => undefined;
const wasmFolder = path.join(path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');

let small: LayersModel | undefined;
const smallModel = (): LayersModel =>
  (small ??= efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.1 }, { classes: 2, inputSize: 32, seed: 1 }));

async function safetensorsFile(name: string, model: LayersModel): Promise<string> {
  const file = placeOf(name);
  writeFileSync(file, writeSafetensors(await weightsOf(model)));
  return file;
}

const events = (): ReturnType<typeof eventFile> => eventFile(placeOf('events'));
const evaluation = evaluatePredictions(
  [
    [0.9, 0.1],
    [0.4, 0.6],
    [0.7, 0.3],
  ],
  [0, 1, 1],
  { classNames: ['hats', 'shoes'] },
);

export const nodeModelCalls: BaseCalls = {
  auditImages: {
    args: async () => {
      const { files } = await imageFolder(await classFolders());
      const preprocessing = { inputSize: 32, fit: 'stretch' } as const;
      const common = { features: smallModel(), preprocessing, classNames: ['hats', 'shoes'], checks: ['dark'], folds: 2, seed: 1 };
      return [{ files }, { ...common, validation: { files }, batchSize: 2, onProgress: nothing, signal: new AbortController().signal }];
    },
  },
  selectBackend: { args: () => [['cpu', 'wasm'], { gradients: false, tolerance: 0.01, wasmFolder }] },
  ensureBackend: { args: () => [['cpu']] },
  saveModel: { args: () => [smallModel(), placeOf('saved'), { dtype: 'float32' }] },
  exportTransformers: {
    args: () => [
      efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.5, depthCoefficient: 0.1 }, { classes: 2, inputSize: 32, seed: 1 }),
      placeOf('exported'),
      { dtypes: ['float32'] },
    ],
  },
  loadModel: {
    args: async () => {
      await saveModel(tinyModel(), placeOf('loaded'));
      return [placeOf('loaded'), {}];
    },
  },
  loadWeights: {
    args: async () => [
      smallModel(),
      await safetensorsFile('small.safetensors', smallModel()),
      { layout: 'auto', prefix: '', head: 'load', strict: true },
    ],
  },
  readWeightFile: { args: async () => [await safetensorsFile('read.safetensors', smallModel())] },
  pretrained: {
    args: async () => {
      const network = efficientNet('lite0', { classes: 1000, inputSize: 32, seed: 1 });
      const weights = await weightsOf(network);
      network.dispose();
      return [
        'lite0',
        {
          weights,
          inputSize: 32,
          head: 'load',
          layout: 'auto',
          prefix: '',
          cacheFolder: placeOf('weights'),
          mirror: 'http://localhost',
          onProgress: nothing,
        },
      ];
    },
  },
  checkpoint: {
    args: () => [
      placeOf('run/{epoch}.safetensors'),
      { monitor: 'val_loss', mode: 'min', minDelta: 0, saveBestOnly: true, saveWeightsOnly: true, keepLast: 2 },
    ],
  },
  resume: {
    args: async () => {
      const model = tinyModel();
      const callback = checkpoint(placeOf('resumed.safetensors'), { saveWeightsOnly: true });
      callback.setModel(model);
      await callback.onEpochEnd(0, { loss: 1 });
      return [model, placeOf('resumed.safetensors')];
    },
  },
  checkpointFile: { args: () => [placeOf('run.safetensors')] },
  featureFolder: { args: () => [placeOf('features')] },
  csvLog: { args: () => [placeOf('log.csv'), { append: false }] },
  tensorBoard: {
    args: () => [placeOf('board'), { updateEverySteps: 1, histogramsEveryEpochs: 1, graph: false, hyperParameters: { rate: 0.1 } }],
  },
  eventFile: { args: () => [placeOf('events')] },
  'eventFile().scalar': { on: events, args: () => ['loss', 0.5, 1] },
  'eventFile().image': { on: events, args: async () => ['image', await encodeImage(patterned(4, 4)), 1] },
  'eventFile().histogram': { on: events, args: () => ['values', [1, 2, 3], 1] },
  'eventFile().graph': { on: events, args: () => [smallModel()] },
  'eventFile().hyperParameters': { on: events, args: () => [{ rate: 0.1, name: 'adam', frozen: true }] },
  writeReport: {
    args: () => [
      placeOf('report'),
      {
        title: 'Clothes',
        evaluation,
        before: evaluation,
        history: { loss: [2, 1] },
        schedule: { rate: () => 0.1, steps: 3 },
        settings: { epochs: 2 },
        model: smallModel(),
        imageOf: () => patterned(8, 8),
        maxImages: 1,
        heatMaps: true,
        preprocessing: { inputSize: 32, fit: 'stretch' },
        batchSize: 1,
      },
    ],
  },
};
