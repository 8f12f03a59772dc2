import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { saveModel } from '../../../src/index.js';
import type { BaseCalls } from './baseCall.js';
import { smallNetwork, smallSpec } from './smallNetwork.js';

const nothing = (): Promise<tf.io.SaveResult> =>
  Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });

const own = (x: SymbolicTensor): SymbolicTensor => x;

/** What a model is saved as, which is loaded as often as one likes. */
async function savedModel(): Promise<tf.io.IOHandler> {
  const model = smallNetwork();
  let saved: tf.io.ModelArtifacts = {};
  await saveModel(model, {
    save: (artifacts) => {
      saved = artifacts;
      return nothing();
    },
  });
  model.dispose();
  return tf.io.fromMemory(saved);
}

export const modelsCalls: BaseCalls = {
  classNamesOf: { args: () => [smallNetwork()] },
  efficientNet: {
    args: () => [
      smallSpec,
      {
        name: 'small',
        includeTop: true,
        classes: 3,
        classifierActivation: 'linear',
        inputSize: [32, 32],
        inputChannels: 3,
        dropoutRate: 0.1,
        dropConnectRate: 0.1,
        activation: 'relu',
        padding: 'symmetric',
        batchNormMomentum: 0.9,
        batchNormEpsilon: 0.01,
        normalization: { mean: 0.5, std: 0.5 },
        seed: 1,
        attention: own,
      },
    ],
  },
  featureExtractor: { args: () => [smallNetwork(), ['reduction_1']] },
  foldBatchNorm: { args: () => [smallNetwork()] },
  'index.loadModel': { args: async () => [await savedModel(), {}] },
  'index.saveModel': { args: () => [smallNetwork(), { save: nothing }, { dtype: 'float16' }] },
  planOf: { args: () => [smallNetwork()] },
  replaceHead: {
    args: () => [
      smallNetwork(),
      {
        classes: 2,
        classifierActivation: 'linear',
        pooling: 'avg',
        dropoutRate: 0.1,
        hidden: [4],
        seed: 1,
        classNames: ['cat', 'dog'],
      },
    ],
  },
  setUnknownThreshold: { args: () => [smallNetwork(), 0.5] },
  unknownThresholdOf: { args: () => [smallNetwork()] },
  setClassNames: { args: () => [smallNetwork(), ['cat', 'dog', 'bird']] },
  setPreprocessing: {
    args: () => [
      smallNetwork(),
      {
        inputSize: 32,
        fit: 'crop',
        cropFraction: 0.875,
        interpolation: 'bicubic',
        antialias: true,
        resampler: 'pillow',
        margins: 'even',
      },
    ],
  },
};
