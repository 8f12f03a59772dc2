// Runs fineTune with training threads in its own process, which tests kill. Writes one line per step, and the weights at the end.

import { writeFileSync } from 'node:fs';
import { efficientNet } from '../../src/models/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { checkpointFile } from '../../src/node/runs/checkpointFile.js';
import { trainingWorkers } from '../../src/node/runs/trainingWorkers.js';
import { callback, fineTune, sgd } from '../../src/training/index.js';
import { fillModel } from './fillModel.js';
import { SMALL, smallImages } from './smallImages.js';
import { TINY } from './tinyNetworks.js';
import { weightsOfAll } from './tinyTraining.js';

const [store, result] = process.argv.slice(2) as [string, string];
await selectBackend(['wasm'], { gradients: true });
const model = efficientNet({ ...TINY, inputSize: SMALL }, { classes: 3, dropoutRate: 0.2, seed: 1 });
fillModel(model, 2);
const workers = trainingWorkers({ threads: 2 });
await fineTune(model, {
  train: smallImages('threads/x', 11),
  stages: [{ unfreeze: 'all', epochs: 4 }],
  optimizer: () => sgd({ learningRate: 0.01, momentum: 0.9 }),
  preprocessing: { inputSize: [SMALL, SMALL], fit: 'stretch', interpolation: 'bilinear' },
  store: checkpointFile(store),
  checkpointEverySteps: 1,
  workers,
  callbacks: [callback({ onBatchEnd: () => void process.stdout.write('step\n') })],
});
await workers.dispose();
writeFileSync(result, JSON.stringify(await weightsOfAll(model)));
