import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { registerWasmTraining } from '../../src/wasm.js';

const factory = tf.engine().registryFactory['wasm']!;
afterAll(async () => {
  await tf.setBackend('cpu');
});

test('the error for a missing wasm backend says what to import', async () => {
  delete tf.engine().registryFactory['wasm'];
  await expect(registerWasmTraining()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: registerWasmTraining: expected the wasm backend, received none. Import '@tensorflow/tfjs-backend-wasm' first.]`,
  );
  tf.engine().registryFactory['wasm'] = factory;
});

test('a wasm backend that does not start is an error, and the active backend is kept', async () => {
  await tf.setBackend('cpu');
  tf.engine().registryFactory['wasm'] = { ...factory, factory: () => Promise.reject(new Error('no memory')) };
  await expect(registerWasmTraining()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: registerWasmTraining: expected the wasm backend to start, received an error: no memory]`,
  );
  expect(tf.getBackend()).toBe('cpu');
  tf.engine().registryFactory['wasm'] = factory;
});

test('the active backend is kept, wasm starts once, and no process listener remains', async () => {
  const listeners = () => ['uncaughtException', 'unhandledRejection'].map((event) => process.rawListeners(event as 'uncaughtException'));
  const before = listeners();
  let starts = 0;
  const counted = () => {
    starts++;
    return factory.factory();
  };
  tf.engine().registryFactory['wasm'] = { ...factory, factory: counted };
  await tf.setBackend('cpu');
  await registerWasmTraining();
  await registerWasmTraining();
  expect(tf.getBackend()).toBe('cpu');
  expect(starts).toBe(1);
  expect(listeners()).toEqual(before);
});

test('the kernels keep working after the memory has grown', async () => {
  await tf.setBackend('wasm');
  await registerWasmTraining();
  const gradient = (): Promise<Float32Array> => {
    const result = tf.tidy(() => {
      const x = tf.reshape<tf.Rank.R4>(tf.range(0, 2 * 6 * 6 * 4), [2, 6, 6, 4]);
      return tf.grad((filter) => tf.conv2d(x, filter as tf.Tensor4D, 2, 'same'))(tf.ones([3, 3, 4, 8]));
    });
    return result.data<'float32'>().finally(() => {
      result.dispose();
    });
  };
  const before = await gradient();
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const size = wasm.HEAPU8.byteLength;
  const held = tf.zeros([96, 1024, 1024]);
  expect(wasm.HEAPU8.byteLength).toBeGreaterThan(size);
  expect(await gradient()).toEqual(before);
  held.dispose();
});

test('a model trains on wasm as on cpu, without leaks', async () => {
  const losses: Record<string, number[]> = {};
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    await registerWasmTraining();
    const seed = 7;
    const init = (offset: number) => layers.initializers.glorotUniform({ seed: seed + offset });
    const model = layers.sequential({
      layers: [
        layers.layers.conv2d({
          inputShape: [12, 12, 3],
          filters: 6,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          useBias: false,
          kernelInitializer: init(0),
        }),
        layers.layers.batchNormalization(),
        layers.layers.activation({ activation: 'swish' }),
        layers.layers.depthwiseConv2d({ kernelSize: 5, padding: 'same', useBias: false, depthwiseInitializer: init(1) }),
        layers.layers.conv2d({ filters: 10, kernelSize: 1, useBias: false, kernelInitializer: init(2) }),
        layers.layers.globalAveragePooling2d({}),
        layers.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(3) }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
    const x = tf.randomUniform([4, 12, 12, 3], -1, 1, 'float32', seed);
    const y = tf.cast(tf.oneHot([0, 1, 2, 1], 3), 'float32');
    losses[backend] = [];
    let tensors = 0;
    for (let step = 0; step < 6; step++) {
      losses[backend].push((await model.trainOnBatch(x, y)) as number);
      if (step === 1) tensors = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(tensors);
    tf.dispose([x, y]);
    model.dispose();
  }
  expect(losses['cpu']!.at(-1)).toBeLessThan(losses['cpu']![0]!);
  expect(losses['wasm']).toBeAllclose(losses['cpu']!, { tolerance: 1e-5 });
});

test('a tensor that does not fit into 4 GB is rejected instead of overwriting another', async () => {
  await tf.setBackend('wasm');
  await registerWasmTraining();
  const before = tf.memory();
  expect(() => tf.fill([1_050_000_000], 1)).toThrowErrorMatchingInlineSnapshot(
    `[BackendError: wasm: expected memory for 4200000000 more bytes, received none: WebAssembly memory is limited to 4 GB. Use smaller images or a smaller batch, in training with \`accumulationSteps\` of the optimizer.]`,
  );
  expect(tf.memory()).toEqual(before);
  const small = tf.fill([2], 1);
  expect([...(await small.data())]).toEqual([1, 1]);
  small.dispose();
});

test('memory and the number of tensors stay constant in 200 steps of a network with every type of block', async () => {
  await tf.setBackend('wasm');
  await registerWasmTraining();
  const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 }, { classes: 3, seed: 1 });
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const x = tf.randomUniform([2, 32, 32, 3], 0, 255);
  const y = tf.tidy(() => tf.cast(tf.oneHot([0, 2], 3), 'float32'));
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const used = (): number[] => [wasm.HEAPU8.byteLength, tf.memory().numTensors, tf.memory().numBytes, tf.engine().memory().numDataBuffers];
  let early: number[] = [];
  for (let step = 1; step <= 200; step++) {
    await model.trainOnBatch(x, y);
    if (step === 5) early = used();
  }
  expect(used()).toEqual(early);
  tf.dispose([x, y]);
  model.dispose();
});
