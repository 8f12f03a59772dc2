// Does the job with this library, in one process: decodes as Keras does, computes features on ONNX Runtime, trains a head. Prints the
// validation accuracy as JSON. Arguments: FOLDER WEIGHTS EPOCHS.

import path from 'node:path';
import { efficientNet, imageBatches, imageFolder, loadWeights, selectBackend, trainHead } from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';

const [folder = '', weights = '', epochs = '5'] = process.argv.slice(2);
await selectBackend();
const [train, validation] = await Promise.all(
  ['train', 'validation'].map((part) => imageFolder(path.join(folder, part), { inputSize: 224, dctMethod: 'fast' })),
);
if (train === undefined || validation === undefined) throw new Error('expected a folder with train/ and validation/');
const backbone = efficientNet('b0', { includeTop: false });
await loadWeights(backbone, weights);
const { history } = await trainHead(backbone, {
  // Small batches stay in the CPU's caches. The features are the same.
  train: imageBatches(train.images, { batchSize: 8 }),
  validation: imageBatches(validation.images, { batchSize: 8 }),
  // The learning rate falls along a cosine. Starting at 0.002, its mean is 0.001, which Keras uses throughout.
  classNames: train.classNames,
  epochs: Number(epochs),
  learningRate: 0.002,
  seed: 1,
  runtime: createRuntime,
});
console.log(JSON.stringify({ accuracy: history.at(-1)?.val_accuracy }));
