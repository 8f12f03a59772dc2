// Pixels and weights that are not finite give an error instead of a plausible prediction, on the backend that hides them best.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classActivationMap, gradCam, occlusionMap } from '../../src/evaluation/explain/index.js';
import { classify, classifyMany, evaluate } from '../../src/evaluation/predict/index.js';
import { efficientNet, saveModel } from '../../src/models/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { adam, softmaxCrossEntropy } from '../../src/training/index.js';
import { checkpointOf } from '../../src/training/internal.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { weightsOf } from '../../src/weights/index.js';
import { writeKeras, writeKerasWeights } from '../../src/hdf5/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

let model: tfl.LayersModel;
beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
  model = efficientNet(
    { ...VARIANTS.lite0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 },
    { classes: 3, inputSize: 32, seed: 1 },
  );
});
afterAll(() => {
  model.dispose();
});

const picture = (bad: number) => {
  const data = new Float32Array(40 * 40 * 3).fill(9);
  data[4000] = bad;
  return { width: 40, height: 40, channels: 3, data };
};

test.each([NaN, Infinity, -Infinity])('a pixel of %s is rejected by every function that accepts images', async (bad) => {
  await expectNoLeak(async () => {
    await expect(classify(model, picture(bad))).rejects.toThrow(
      `classify: expected finite pixels, received ${bad} at row 33, column 13, channel 1.`,
    );
    await expect(classifyMany(model, [picture(bad)]).next()).rejects.toThrow('classifyMany: expected finite pixels');
    await expect(gradCam(model, picture(bad))).rejects.toThrow('gradCam: expected finite pixels');
    await expect(classActivationMap(model, picture(bad))).rejects.toThrow('classActivationMap: expected finite pixels');
    await expect(occlusionMap(model, picture(bad))).rejects.toThrow('occlusionMap: expected finite pixels');
    await expect(evaluate(model, [{ pixels: picture(bad), label: 0 }])).rejects.toThrow('evaluate: expected finite pixels');
    await expect(evaluate(model, [{ xs: tf.fill<tf.Rank.R4>([1, 32, 32, 3], bad), ys: tf.tensor1d([0], 'int32') }])).rejects.toThrow(
      'evaluate: expected images of finite pixels',
    );
  });
});

test('a runtime rejects pixels that are not finite', async () => {
  const runtime = await createRuntime(model);
  const xs = tf.fill([1, 32, 32, 3], NaN);
  await expect(runtime.predict(xs)).rejects.toThrow('predict: expected images of finite pixels, received NaN.');
  await expect(runtime.run(new Float32Array(32 * 32 * 3).fill(Infinity), [1, 32, 32, 3])).rejects.toThrow(
    'run: expected images of finite pixels, received Infinity.',
  );
  xs.dispose();
  await runtime.dispose();
});

test('a model with weights that are not finite neither predicts nor is saved', async () => {
  const broken = efficientNet(
    { ...VARIANTS.lite0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 },
    { classes: 3, inputSize: 32, seed: 1 },
  );
  const layer = broken.getLayer('predictions');
  layer.setWeights([tf.fill(layer.getWeights()[0]!.shape, NaN), tf.fill([3], Infinity)]);
  broken.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  await expect(classify(broken, picture(1))).rejects.toThrow('classify: expected finite outputs of the model, received NaN.');
  await expect(gradCam(broken, picture(1))).rejects.toThrow('gradCam: expected finite outputs of the model');
  let saved = false;
  const handler = {
    save: () => {
      saved = true;
      return Promise.resolve({} as tf.io.SaveResult);
    },
  };
  for (const write of [
    () => saveModel(broken, handler),
    () => weightsOf(broken),
    () => checkpointOf(broken),
    () => exportOnnx(broken),
    () => writeKeras(broken),
    () => writeKerasWeights(broken),
  ])
    await expect(write()).rejects.toThrow(
      /: expected finite weights, received NaN or Infinity in '.*predictions\/kernel' and in 1 more\. Nothing was written\./,
    );
  expect(saved).toBe(false);
  broken.dispose();
});
