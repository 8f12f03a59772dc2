// Does the job with this library, from process start to a saved model: Lite0 is trained from block5a on augmented images. Prints the
// accuracy on the validation images as JSON. Arguments: FOLDER WEIGHTS TARGET EPOCHS SEED, then any of 'runtime' and 'threads'.

import path from 'node:path';
import {
  adam,
  augment,
  efficientNet,
  fineTune,
  imageBatches,
  imageFolder,
  imageWorkers,
  loadWeights,
  randomFlip,
  randomResizedCrop,
  replaceHead,
  saveModel,
  selectBackend,
  sequence,
  softmaxCrossEntropy,
  trainingWorkers,
  warmupCosine,
} from 'effnet-ts/node';
import { createRuntime } from 'effnet-ts/onnx';

const [folder = '', weights = '', target = '', epochs = '', seed = '', ...extras] = process.argv.slice(2);
const SIZE = 224;
const BATCH = 16;

await selectBackend(['wasm'], { gradients: true });
const workers = imageWorkers();
const [train, validation] = await Promise.all([
  imageFolder(path.join(folder, 'train'), { inputSize: SIZE, seed: Number(seed), workers }),
  imageFolder(path.join(folder, 'validation'), { inputSize: SIZE, shuffle: false, workers }),
]);
const network = efficientNet('lite0', { seed: Number(seed) });
await loadWeights(network, weights);
const model = replaceHead(network, {
  classes: train.classNames.length,
  classNames: train.classNames,
  dropoutRate: 0.2,
  seed: Number(seed),
});
const augmented = augment(train.images, sequence(randomResizedCrop(SIZE, { area: [0.5, 1] }), randomFlip()), {
  seed: Number(seed),
  workers,
});
const threads = extras.includes('threads') ? trainingWorkers() : undefined;
const history = await fineTune(model, {
  train: imageBatches(augmented, { batchSize: BATCH }).prefetch(2),
  validation: imageBatches(validation.images, { batchSize: BATCH }).prefetch(2),
  stages: [
    {
      unfreeze: { from: 'block5a' },
      epochs: Number(epochs),
      learningRate: warmupCosine({
        maxLearningRate: 2e-4,
        warmupSteps: 0,
        totalSteps: Math.ceil(train.files.length / BATCH) * Number(epochs),
      }),
    },
  ],
  loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }),
  optimizer: () => adam(),
  ...(extras.includes('runtime') ? { runtime: createRuntime } : {}),
  ...(threads === undefined ? {} : { workers: threads }),
});
await saveModel(model, target);
await Promise.all([workers.dispose(), threads?.dispose()]);
console.log(JSON.stringify({ accuracy: history.at(-1)?.val_accuracy, peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
