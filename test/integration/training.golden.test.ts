// Keras' five training steps by our own optimizers and losses. test/integration/stockTraining.golden.test.ts takes them with stock ones.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import golden from '../fixtures/golden/keras/training.json' with { type: 'json' };
import { BatchNormalization } from '../../src/layers/internal.js';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { selectBackend } from '../../src/node.js';
import { loadTensorFlow } from '../../src/node/backends/nativeBackends.js';
import { adam, sgd, softmaxCrossEntropy } from '../../src/training/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';
import { importFrom } from '../support/projectPackages.js';
import { startWasm } from '../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64, dropoutRate: 0, dropConnectRate: 0 };
// As in test/backends/tensorflow.contract.test.ts: names a project with tfjs-node.
const project = process.env['EFFNET_TENSORFLOW_PROJECT'];
const BACKENDS = ['cpu', 'wasm', ...(project === undefined ? [] : ['tensorflow'])];
const CASES = BACKENDS.flatMap((backend) => golden.cases.map((one) => ({ backend, ...one })));

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
  if (project !== undefined)
    await selectBackend([{ name: 'tensorflow', load: () => loadTensorFlow('selectBackend', importFrom(project)) }]);
});

describe.each(CASES)('$case on $backend', ({ backend, freeze, gain, input, labels, labelSmoothing, losses, predictions, optimizer }) => {
  test('losses and predictions equal Keras', async () => {
    await tf.setBackend(backend);
    const model = efficientNet(SPEC, { classes: 5 });
    fillModel(model, gain);
    for (const layer of model.layers) {
      if (freeze === 'batchnorm' && layer instanceof BatchNormalization) layer.trainable = false;
      if (freeze === 'base' && layer.name !== 'predictions') layer.trainable = false;
    }
    const isAdam = optimizer.startsWith('Adam');
    const ours = isAdam ? adam({ learningRate: 1e-3 }) : sgd({ learningRate: 0.05, momentum: 0.9 });
    model.compile({ optimizer: ours, loss: softmaxCrossEntropy({ labelSmoothing }) });
    const x = tf.tensor4d(inputPixels(input), input.shape as [number, number, number, number]);
    const y = tf.oneHot(labels, 5);
    const received: number[] = [];
    while (received.length < losses.length) received.push((await model.trainOnBatch(x, y)) as number);
    expect(received).toBeAllclose(losses, { tolerance: isAdam ? 1e-4 : 1e-5 });
    const predicted = model.predict(x) as tf.Tensor;
    expect(await predicted.data()).toBeAllclose(predictions.flat(), { tolerance: 1e-4 });
    tf.dispose([x, y, predicted]);
    ours.dispose();
    model.dispose();
  }, 300_000);
});
