// Runs fineTune in its own process, which tests kill. Writes one line per step, and the weights at the end.

import '@tensorflow/tfjs-backend-cpu';
import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { checkpointFile } from '../../src/node/runs/checkpointFile.js';
import { adamW, callback, ema, fineTune } from '../../src/training/index.js';
import { tinyData, tinyModel, weightsOfAll } from './tinyTraining.js';

const [store, result] = process.argv.slice(2) as [string, string];
await tf.setBackend('cpu');
const model = tinyModel(3);
await fineTune(model, {
  train: tinyData(),
  stages: [
    { unfreeze: ['predictions'], epochs: 4 },
    { unfreeze: 'all', epochs: 6, batchNorm: 'trained' },
  ],
  optimizer: () => adamW({ learningRate: 0.01 }),
  store: checkpointFile(store),
  checkpointEverySteps: 1,
  callbacks: [ema({ decay: 0.9 }), callback({ onBatchEnd: () => void process.stdout.write('step\n') })],
});
writeFileSync(result, JSON.stringify(await weightsOfAll(model)));
