// Times TensorFlow.js on wasm: this library's folded model, or stock layers on the stock backend, each in a process of its own. Prints
// milliseconds as JSON. Arguments: folded|stock VARIANT SIZE BATCH THREADS ROUNDS. TensorFlow.js always has one thread in Node, so THREADS
// is not used.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { efficientNet, foldBatchNorm, selectBackend, type Variant } from '../../src/node.js';
import { stockModel } from '../support/stockModel.js';

const [kind, variant, size, batch, , rounds] = process.argv.slice(2);

if (kind === 'folded') await selectBackend(['wasm']);
else {
  // Without this library's wasm kernels, which stock layers would use as well.
  setWasmPaths(new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname);
  await tf.setBackend('wasm');
}
const built = efficientNet(variant as Variant, { seed: 1, classifierActivation: 'linear' });
const model = kind === 'folded' ? await foldBatchNorm(built) : await stockModel(built);
const pixels = tf.randomUniform([Number(batch), Number(size), Number(size), 3], 0, 255, 'float32', 1);
const [wall, cpu]: [number[], number[]] = [[], []];
for (let round = -2; round < Number(rounds); round++) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const answer = model.predict(pixels) as tf.Tensor;
  await answer.data();
  answer.dispose();
  const { user, system } = process.cpuUsage(used);
  if (round < 0) continue;
  wall.push(performance.now() - start);
  cpu.push((user + system) / 1000);
}
console.log(JSON.stringify({ wall, cpu }));
