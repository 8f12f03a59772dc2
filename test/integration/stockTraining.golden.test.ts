// Compares five training steps with Keras: everything, all but BatchNormalization, or only the classifier trainable.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import golden from '../fixtures/golden/keras/training.json' with { type: 'json' };
import { BatchNormalization } from '../../src/layers/internal.js';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64, dropoutRate: 0, dropConnectRate: 0 };

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

function frozen(model: LayersModel, freeze: string | null): void {
  for (const layer of model.layers) {
    if (freeze === 'batchnorm' && layer instanceof BatchNormalization) layer.trainable = false;
    if (freeze === 'base' && layer.name !== 'predictions') layer.trainable = false;
  }
}

const CASES = ['cpu', 'wasm'].flatMap((backend) => golden.cases.map((one) => ({ backend, ...one })));

describe.each(CASES)(
  '$case on $backend',
  ({ backend, freeze, gain, input, labels, labelSmoothing, losses, predictions, optimizer, ...after }) => {
    test('losses, predictions and statistics equal Keras', async () => {
      await tf.setBackend(backend);
      const model = efficientNet(SPEC, { classes: 5 });
      fillModel(model, gain);
      frozen(model, freeze);
      const adam = optimizer.startsWith('Adam');
      model.compile({
        optimizer: adam ? tf.train.adam(1e-3) : tf.train.momentum(0.05, 0.9),
        loss: (y, p) => tf.neg(tf.sum(tf.mul(y, tf.log(tf.clipByValue(p, 1e-7, 1 - 1e-7))), -1)),
      });
      const x = tf.tensor4d(inputPixels({ ...input, shape: input.shape }), input.shape as [number, number, number, number]);
      const y = tf.tidy(() => tf.add(tf.mul(tf.oneHot(labels, 5), 1 - labelSmoothing), labelSmoothing / 5));
      const ours: number[] = [];
      while (ours.length < losses.length) ours.push((await model.trainOnBatch(x, y)) as number);
      expect(ours).toBeAllclose(losses, { tolerance: adam ? 5e-4 : 1e-5 });

      const predicted = model.predict(x) as tf.Tensor;
      expect(await predicted.data()).toBeAllclose(predictions.flat(), { tolerance: adam ? 5e-4 : 1e-4 });
      const [gamma, , mean] = model.getLayer('stem_bn').getWeights();
      expect(await mean!.data()).toBeAllclose(after['stem_bn/moving_mean'], { tolerance: adam ? 5e-4 : 1e-5 });
      expect(await gamma!.data()).toBeAllclose(after['stem_bn/gamma'], { tolerance: adam ? 5e-4 : 1e-5 });
      tf.dispose([x, y, predicted]);
      model.dispose();
    });
  },
);
