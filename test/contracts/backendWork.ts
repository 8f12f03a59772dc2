// The work of the backend contract on the active backend, as plain numbers: it runs in this process or in a browser's page.

import * as tf from '@tensorflow/tfjs-core';
import b0 from '../fixtures/golden/keras/EfficientNetB0.json' with { type: 'json' };
import twentySteps from '../fixtures/backends/twentySteps.json' with { type: 'json' };
import { probeBackend, type ProbeReport } from '../../src/backends/index.js';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';

type Shape = [number, number, number, number];

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64, dropoutRate: 0, dropConnectRate: 0 };

/** What training gave. */
export interface Steps {
  readonly losses: readonly number[];
  /** The predictions after the last step. */
  readonly predictions: readonly number[];
  /** Tensors alive after each step. */
  readonly tensors: readonly number[];
}

/** Forward, backward, and leaks. */
export interface BackendWork {
  readonly probe: () => Promise<ProbeReport>;
  readonly predictB0: () => Promise<number[]>;
  readonly takeSteps: (count: number) => Promise<Steps>;
}

export const backendWork: BackendWork = {
  probe: () => probeBackend({ gradients: true }),

  async predictB0() {
    const model = efficientNet('b0', { classifierActivation: 'linear' });
    fillModel(model, b0.gain);
    const pixels = tf.tensor4d(inputPixels(b0.input), b0.input.shape as Shape);
    const logits = model.predict(pixels) as tf.Tensor;
    const numbers = [...(await logits.data())];
    tf.dispose([pixels, logits]);
    model.dispose();
    return numbers;
  },

  async takeSteps(count) {
    const { gain, input, labels } = twentySteps;
    const model = efficientNet(TINY, { classes: 5 });
    fillModel(model, gain);
    model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: 'categoricalCrossentropy' });
    const xs = tf.tensor4d(inputPixels(input), input.shape as Shape);
    const ys = tf.oneHot(labels, 5);
    const losses: number[] = [];
    const tensors: number[] = [];
    while (losses.length < count) {
      losses.push((await model.trainOnBatch(xs, ys)) as number);
      tensors.push(tf.memory().numTensors);
    }
    const predicted = model.predict(xs) as tf.Tensor;
    const predictions = [...(await predicted.data())];
    tf.dispose([xs, ys, predicted]);
    model.dispose();
    return { losses, predictions, tensors };
  },
};
