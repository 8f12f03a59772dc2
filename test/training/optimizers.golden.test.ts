// Seven updates with given gradients (large, tiny and missing), compared with Keras, TensorFlow 1 and PyTorch.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import keras from '../fixtures/training/keras.json' with { type: 'json' };
import torch from '../fixtures/training/torch.json' with { type: 'json' };
import { adam, adamW, exponentialDecay, rmsProp, rmsPropTF, sgd, type NamedOptimizer } from '../../src/training/index.js';
import { startWasm } from '../support/wasm.js';

const MAKERS: Record<string, (options: object) => NamedOptimizer> = { sgd, rmsProp, rmsPropTF, adam, adamW };
const WEIGHTS = Object.entries(keras.shapes) as [keyof typeof keras.initial, number[]][];
const CASES = ['cpu', 'wasm'].flatMap((backend) =>
  [keras, torch].flatMap(({ framework, optimizers }) => optimizers.map((one) => ({ backend, framework, ...one }))),
);

beforeAll(startWasm);

describe.each(CASES)('$case of $framework on $backend', ({ backend, optimizer: kind, options, after }) => {
  test('gives the same weights after every step', async () => {
    await tf.setBackend(backend);
    const halved = typeof options.learningRate === 'string';
    const learningRate = halved ? exponentialDecay({ initialLearningRate: 0.02, decayRate: 0.5, decaySteps: 2 }) : options.learningRate;
    const optimizer = MAKERS[kind]!({ ...options, learningRate });
    const variables = WEIGHTS.map(([name, shape]) =>
      tf.variable(tf.tensor(keras.initial[name], shape), true, `${name}_${kind}${Math.random()}`),
    );
    for (const [step, gradients] of keras.gradients.entries()) {
      optimizer.applyGradients(
        variables.map((variable, i) => {
          const [name, shape] = WEIGHTS[i]!;
          return { name: variable.name, tensor: tf.tensor(gradients[name], shape) };
        }),
      );
      for (const [i, [name]] of WEIGHTS.entries()) {
        expect(await variables[i]!.data()).toBeAllclose(after[step]![name], { tolerance: 3e-6 });
      }
    }
    optimizer.dispose();
    tf.dispose(variables);
  });
});
