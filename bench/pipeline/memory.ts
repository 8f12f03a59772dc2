// Checks that memory does not grow: reads a folder 20 times into batches, augmented by imageWorkers, and prints the resident set after each
// epoch.

import * as tf from '@tensorflow/tfjs-core';
import { augment, imageBatches, imageFolder, imageWorkers, selectBackend, trainAugmentation } from '../../src/node.js';

await selectBackend(['wasm']);
const workers = imageWorkers();
const { images } = await imageFolder(process.argv[2] ?? '', { workers });
const batches = imageBatches(augment(images, trainAugmentation('default', 224), { workers }), { batchSize: 32 }).prefetch(2);
for (let epoch = 1; epoch <= 20; epoch++) {
  for await (const batch of batches) tf.dispose([batch.xs, batch.ys]);
  console.log(`epoch ${epoch}: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB, ${tf.memory().numTensors} tensors`);
}
await workers.dispose();
