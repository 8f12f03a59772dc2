// A process in which TensorFlow.js has no backend: a runtime works all the same, and what needs tensors says what to do.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { classify, classifyMany, evaluate, warmup, type Predictor } from '../../src/evaluation/predict/index.js';
import { occlusionMap } from '../../src/evaluation/explain/index.js';
import type { Pixels } from '../../src/image/index.js';
import { createRuntime, exportOnnx, type Runtime } from '../../src/onnx/index.js';
import { planModel, VARIANTS } from '../../src/scaling/index.js';
import { weightArray } from '../../src/weights/index.js';
import { fillKeras } from '../support/fill.js';

let runtime: Runtime;
const image: Pixels = { width: 80, height: 70, channels: 3, data: Uint8Array.from({ length: 80 * 70 * 3 }, (_, i) => (i * 7) % 256) };

beforeAll(async () => {
  const plan = planModel({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 }, { classes: 3 });
  const arrays = new Map(
    plan.layers.flatMap(({ weights }) => weights.map(({ name, shape }) => [name, weightArray(shape, fillKeras(name, shape, 2))] as const)),
  );
  runtime = await createRuntime(await exportOnnx({ plan, arrays }), { threads: 1 });
});

test('a runtime classifies, explains and warms up without one', async () => {
  expect(Object.keys(tf.engine().registryFactory)).toEqual([]);
  const classes = await classify(runtime, image);
  expect(classes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  const many = [];
  for await (const each of classifyMany(runtime, [image, image, image], { batchSize: 2 })) many.push(each);
  expect(many.map(([best]) => best!.index)).toEqual([0, 1, 2].map(() => classes[0]!.index));
  expect((await occlusionMap(runtime, image)).classIndex).toBe(classes[0]!.index);
  expect(await warmup(runtime, { batchSize: 2 })).toBeGreaterThan(0);
  expect(tf.engine().backendNames()).toEqual([]);
});

test.each<[string, () => Promise<unknown>]>([
  [
    'classify on a predictor of tensors',
    () => {
      const tensors: Predictor = { preprocessing: runtime.preprocessing, predict: (x) => runtime.predict(x) };
      return classify(tensors, image);
    },
  ],
  ['evaluate', () => evaluate(runtime, [{ pixels: image, label: 0 }])],
])('%s says that a backend is needed', async (_, act) => {
  await expect(act()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: ensureBackend: expected a backend to choose from, found none imported. Import one, for example '@tensorflow/tfjs-backend-wasm', or pass \`{ name, load }\` for each backend. In Node, call \`selectBackend\` from 'effnet-ts/node', which imports one.]`,
  );
});
