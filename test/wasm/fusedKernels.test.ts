// Compares batch normalization on wasm with TensorFlow.js.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, test } from 'vitest';
import { registerWasmTraining } from '../../src/wasm.js';
import { expectEqual, values } from '../support/bothBackends.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

describe('batchNorm', () => {
  test.each([
    [[2, 5, 5, 13], [13]],
    [[6, 8], [8]],
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
  ])('of %j with statistics %j', async (shape, statistics) => {
    const of = (name: string): tf.Tensor1D => values(name, statistics) as tf.Tensor1D;
    await expectEqual(() => tf.batchNorm(values('x', shape), of('mean'), of('variance'), of('beta'), of('gamma'), 1e-3));
    await expectEqual(() => tf.batchNorm(values('x', shape), of('mean'), of('variance')));
  });
});
