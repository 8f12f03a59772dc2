// What every backend must do, whatever it is made of: TensorFlow's numbers forward and backward, Keras' training, no leak.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import b0 from '../fixtures/golden/keras/EfficientNetB0.json' with { type: 'json' };
import twentySteps from '../fixtures/backends/twentySteps.json' with { type: 'json' };
import { probeBackend } from '../../src/backends/index.js';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';

/** A backend to be tested. */
export interface BackendUnderTest {
  readonly name: string;
  /** Makes the backend the active one. */
  readonly start: () => Promise<unknown>;
  /** Why it cannot be tested here, where it cannot. */
  readonly skip?: string | undefined;
  /** Largest error, as a share of what is compared. @defaultValue 1e-4 */
  readonly tolerance?: number;
}

type Shape = [number, number, number, number];

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64, dropoutRate: 0, dropConnectRate: 0 };

/** Runs the contract for one backend. */
export function backendContract({ name, start, skip, tolerance = 1e-4 }: BackendUnderTest): void {
  describe.skipIf(skip !== undefined)(`backend ${name}${skip === undefined ? '' : `: skipped, ${skip}`}`, () => {
    beforeAll(start, 120_000);

    test('computes the block and its gradients as TensorFlow does', async () => {
      const { backend, largestError } = await probeBackend({ gradients: true });
      expect(backend).toBe(name);
      expect(largestError).toBeLessThan(tolerance);
    });

    test("predicts B0's logits as Keras does", async () => {
      const model = efficientNet('b0', { classifierActivation: 'linear' });
      fillModel(model, b0.gain);
      const pixels = tf.tensor4d(inputPixels(b0.input), b0.input.shape as Shape);
      const logits = model.predict(pixels) as tf.Tensor;
      const range = Math.max(...b0.logits) - Math.min(...b0.logits);
      expect(await logits.data()).toBeAllclose(b0.logits, { tolerance: tolerance * range });
      tf.dispose([pixels, logits]);
      model.dispose();
    }, 300_000);

    test('takes 20 training steps as Keras does, and keeps no tensor', async () => {
      const { gain, input, labels, losses, predictions } = twentySteps;
      const model = efficientNet(TINY, { classes: 5 });
      fillModel(model, gain);
      model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: 'categoricalCrossentropy' });
      const xs = tf.tensor4d(inputPixels(input), input.shape as Shape);
      const ys = tf.oneHot(labels, 5);

      const ours: number[] = [];
      const tensors: number[] = [];
      while (ours.length < losses.length) {
        ours.push((await model.trainOnBatch(xs, ys)) as number);
        tensors.push(tf.memory().numTensors);
      }
      expect(ours).toBeAllclose(losses, { tolerance: 10 * tolerance });
      expect(new Set(tensors.slice(1)).size).toBe(1);

      const predicted = model.predict(xs) as tf.Tensor;
      expect(await predicted.data()).toBeAllclose(predictions, { tolerance: 10 * tolerance });
      tf.dispose([xs, ys, predicted]);
      model.dispose();
    }, 600_000);
  });
}
