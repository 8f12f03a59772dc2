// One task on many images in a process of its own. Prints its peak memory and its time as JSON.

import { createRuntime } from '../../src/onnx.js';
import {
  efficientNet,
  featureFolder,
  imageBatches,
  imageFolder,
  imageIndex,
  loadWeights,
  selectBackend,
  trainHead,
} from '../../src/node.js';
import type { Progress } from '../../src/node.js';
import { fromRoot } from '../support/paths.js';

/** Height and width of the input of the network, in pixels. */
const SIDE = 64;
const [task = '', folder = '', store = '', stopAfter = ''] = process.argv.slice(2);

const start = performance.now();
let computed = '';
/** Keeps the last state of the features, and ends the process as a kill would where the caller wants it. */
const onProgress = ({ task: name, done, total }: Progress): void => {
  if (name.includes('features')) computed = `${done} of ${total ?? '?'}`;
  if (stopAfter !== '' && done >= Number(stopAfter)) process.kill(process.pid, 'SIGKILL');
};

await selectBackend();
const backbone = efficientNet('lite0', { inputSize: SIDE });
await loadWeights(backbone, fromRoot('examples/data/weights/efficientnet-lite0.safetensors'));
const featureStore = store === '' ? undefined : featureFolder(store);
const preprocessing = { inputSize: SIDE, fit: 'stretch' } as const;
let accuracy: number | undefined;
if (task === 'trainHead') {
  const { train, validation, classNames } = await imageFolder(folder, { preprocessing, validationSplit: 0.2, seed: 1 });
  const { history } = await trainHead(backbone, {
    classNames,
    train: imageBatches(train.images),
    validation: imageBatches(validation.images),
    epochs: 3,
    batchSize: 128,
    runtime: createRuntime,
    featureStore,
    seed: 1,
    onProgress,
  });
  accuracy = history.at(-1)?.val_accuracy;
} else {
  const { images, classNames } = await imageFolder(folder, { preprocessing });
  const index = await imageIndex(backbone, { runtime: createRuntime, preprocessing, featureStore });
  await index.add(images, { classNames, onProgress });
  const { leaveOneOut } = await index.classifier(backbone);
  accuracy = leaveOneOut?.accuracy;
  await index.arrays();
}
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ megabytes, seconds: Math.round((performance.now() - start) / 1000), accuracy, computed }));
process.exit();
