// Times TensorFlow.js on wasm, one process each: this library's folded model, or stock layers on the stock backend. Prints milliseconds as JSON.
// Arguments: folded|stock VARIANT SIZE BATCH THREADS ROUNDS; TensorFlow.js has one thread in Node whatever THREADS says.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { efficientNet, foldBatchNorm, saveModel, selectBackend, type Variant } from '../../src/node.js';

const [kind, variant, size, batch, , rounds] = process.argv.slice(2);

/** The same network through a file, which plain TensorFlow.js opens with its own layers. */
async function stock(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  const save = (artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> => {
    saved = artifacts;
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
  };
  await saveModel(model, { save });
  if (saved === undefined) throw new Error('nothing was saved');
  return tfl.loadLayersModel(tf.io.fromMemory(saved));
}

if (kind === 'folded') await selectBackend(['wasm']);
else {
  // Without this library's wasm kernels, which stock layers would use as well.
  setWasmPaths(new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname);
  await tf.setBackend('wasm');
}
const built = efficientNet(variant as Variant, { seed: 1, classifierActivation: 'linear' });
const model = kind === 'folded' ? await foldBatchNorm(built) : await stock(built);
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
