import { readFileSync } from 'node:fs';
import path from 'node:path';
import { efficientNet, planModel, PRETRAINED, weightsOf, writeSafetensors } from '../../../src/index.js';
import type { BaseCalls } from './baseCall.js';
import { smallNetwork } from './smallNetwork.js';

const arrays = (): ReturnType<typeof weightsOf> => weightsOf(smallNetwork());
const bytes = async (): Promise<Uint8Array> => writeSafetensors(await arrays());
const torch = path.join(import.meta.dirname, '../../fixtures/weights/state.pth');

export const weightsCalls: BaseCalls = {
  defaultPretrained: { args: () => ['b0'] },
  'index.loadWeights': {
    args: async () => [
      smallNetwork(),
      await bytes(),
      { layout: 'keras', prefix: '', classifier: 'predictions', head: 'load', strict: true },
    ],
  },
  'index.pretrained': {
    args: async () => {
      const network = efficientNet('lite0', { inputSize: 32, seed: 1 });
      const weights = await weightsOf(network);
      network.dispose();
      return [
        'lite0',
        { weights, inputSize: 32, head: 'load', layout: 'auto', prefix: '', mirror: 'http://localhost', onProgress: () => undefined },
      ];
    },
  },
  layoutEntries: { args: () => ['timm', planModel('b0'), 'head'] },
  modelOptionsOf: { args: () => [PRETRAINED['keras/b0']] },
  namedWeights: { args: () => [smallNetwork()] },
  readSafetensors: { args: async () => [await bytes()] },
  readTfjs: {
    args: () => [
      {
        weightSpecs: [{ name: 'dense/bias', shape: [2], dtype: 'float32' }],
        weightData: new Float32Array(2).buffer,
        modelTopology: {},
        format: 'layers-model',
      },
    ],
  },
  readTorch: { args: () => [new Uint8Array(readFileSync(torch))] },
  readWeights: { args: async () => [await bytes()] },
  weightArray: { args: () => [[2, 2], new Float32Array(4)] },
  weightsOf: { args: () => [smallNetwork(), { layout: 'timm', prefix: 'model.', classifier: 'fc' }] },
  writeSafetensors: { args: async () => [await arrays(), { dtype: 'float16', metadata: { author: 'test' } }] },
};
