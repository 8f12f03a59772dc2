// A unit on wasm computes what the separate operations of TensorFlow.js compute on cpu, and so do its gradients.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { frozenUnit, hasUnits, type ExciteWeights, type UnitOptions } from '../../src/layers/internal.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { uniform } from '../support/fill.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

type Settings = Pick<UnitOptions, 'depthwise' | 'strides' | 'padding' | 'activation'>;
type Tensors = Readonly<Record<string, tf.Tensor>>;

/** Makes numbers in [low, low + 2). */
const fill = (name: string, shape: number[], low = -1): tf.Tensor =>
  tf.tensor(
    Float32Array.from(uniform(name, tf.util.sizeFromShape(shape)), (u) => 2 * u + low),
    shape,
  );

const CASES: readonly [string, Partial<Settings>, { size?: number[]; kernel?: number; filters?: number; reduced?: number }][] = [
  ['pointwise swish', { activation: 'swish' }, {}],
  ['pointwise linear', {}, { filters: 16 }],
  ['pointwise relu', { activation: 'relu' }, { filters: 7 }],
  ['pointwise relu6, more rows than a block', { activation: 'relu6' }, { size: [3, 9, 11, 6] }],
  ['pointwise with strides', { activation: 'swish', strides: [2, 2] }, {}],
  ['3 x 3', { activation: 'swish', strides: [2, 2] }, { kernel: 3 }],
  ['3 x 3 linear, valid', { padding: 'valid' }, { kernel: 3 }],
  ['depthwise linear', { depthwise: true }, { kernel: 3 }],
  ['depthwise relu6', { depthwise: true, activation: 'relu6', strides: [2, 2] }, { kernel: 5 }],
  ['depthwise with excitation', { depthwise: true, activation: 'swish' }, { kernel: 3, reduced: 3 }],
  [
    'depthwise with excitation of 8 filters',
    { depthwise: true, activation: 'swish', strides: [2, 2] },
    { kernel: 3, reduced: 8, size: [2, 19, 17, 16] },
  ],
  [
    'depthwise 5 x 5 with excitation of fewer columns than a tile',
    { depthwise: true, activation: 'swish' },
    { kernel: 5, reduced: 4, size: [2, 3, 3, 24] },
  ],
  [
    'depthwise 5 x 5, valid, with other strides',
    { depthwise: true, activation: 'swish', strides: [3, 2], padding: 'valid' },
    { kernel: 5, size: [2, 14, 15, 19] },
  ],
  ['full with excitation', { activation: 'relu' }, { reduced: 2 }],
];

test.each(CASES)('%s', async (name, given, { size = [2, 6, 5, 5], kernel = 1, filters = 13, reduced }) => {
  const settings: Settings = { depthwise: false, strides: [1, 1], padding: 'same', activation: 'linear', ...given };
  const inputs = size[3] ?? 1;
  const outputs = settings.depthwise ? inputs : filters;
  const trainable = (): Tensors => ({
    x: fill(`${name}/x`, size),
    filter: fill(`${name}/filter`, [kernel, kernel, inputs, settings.depthwise ? 1 : outputs]),
    ...(reduced === undefined
      ? {}
      : {
          reduce: fill(`${name}/reduce`, [1, 1, outputs, reduced]),
          reduceBias: fill(`${name}/reduceBias`, [reduced]),
          expand: fill(`${name}/expand`, [1, 1, reduced, outputs]),
          expandBias: fill(`${name}/expandBias`, [outputs]),
        }),
  });
  const norm = (): Required<Tensors> => ({
    mean: fill(`${name}/mean`, [outputs]),
    variance: fill(`${name}/variance`, [outputs], 0.5),
    gamma: fill(`${name}/gamma`, [outputs]),
    beta: fill(`${name}/beta`, [outputs]),
  });
  const flags = { inputTrains: true, filterTrains: true };

  const results: Record<string, ArrayLike<number>>[] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    expect(hasUnits()).toBe(backend === 'wasm');
    const before = tf.memory().numTensors;
    const [tensors, fixed] = [trainable(), norm()];
    const unit = (values: Tensors): tf.Tensor => {
      if (backend === 'cpu') return reference(values, fixed, settings);
      const options: UnitOptions = { ...settings, ...flags, norm: { ...(fixed as never as UnitOptions['norm']), epsilon: 1e-3 } };
      const excite = reduced === undefined ? undefined : (values as never as ExciteWeights);
      return frozenUnit(values['x'] as tf.Tensor4D, values['filter'] as tf.Tensor4D, options, excite);
    };
    const names = Object.keys(tensors);
    const { value, grads } = tf.tidy(() => {
      const y = unit(tensors);
      const dy = fill(`${name}/dy`, y.shape);
      const unitOfList = (...list: tf.Tensor[]): tf.Tensor => unit(Object.fromEntries(list.map((tensor, i) => [names[i]!, tensor])));
      const gradients = tf.grads(unitOfList)(Object.values(tensors), dy);
      return { value: y, grads: gradients };
    });
    const data = [value, ...grads].map(async (tensor, i) => [names[i - 1] ?? 'y', await tensor.data()] as const);
    results.push(Object.fromEntries(await Promise.all(data)));
    tf.dispose([value, ...grads, ...Object.values(tensors), ...Object.values(fixed)]);
    expect(tf.memory().numTensors).toBe(before);
  }
  const [cpu, wasm] = results as [Record<string, ArrayLike<number>>, Record<string, ArrayLike<number>>];
  expect(Object.keys(wasm)).toEqual(Object.keys(cpu));
  for (const [key, expected] of Object.entries(cpu)) {
    const largest = Array.from(expected).reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    expect(wasm[key]).toBeAllclose(expected, { tolerance: 2e-6 * Math.max(1, largest) });
  }
});

test.each([
  [true, false, false],
  [false, true, false],
  [false, false, false],
  [true, false, true],
  [false, true, true],
  [false, false, true],
])('omits gradients that are not needed (input %s, filter %s, depthwise %s)', async (inputTrains, filterTrains, depthwise) => {
  await tf.setBackend('wasm');
  const [x, filter, one] = [fill('x', [2, 3, 3, 8]), fill('filter', depthwise ? [3, 3, 8, 1] : [1, 1, 8, 8]), tf.ones([8])] as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor,
  ];
  const norm = { mean: one, variance: one, gamma: undefined, beta: undefined, epsilon: 1e-3 };
  const options: UnitOptions = { depthwise, strides: [1, 1], padding: 'same', activation: 'swish', norm, inputTrains, filterTrains };
  const all = { ...options, inputTrains: true, filterTrains: true };
  const run = (settings: UnitOptions) => (a: tf.Tensor, b: tf.Tensor) => frozenUnit(a as tf.Tensor4D, b as tf.Tensor4D, settings);
  const gradientOf = (settings: UnitOptions): tf.Tensor[] =>
    tf.tidy(() => {
      if (!inputTrains && !filterTrains) return [run(settings)(x, filter)];
      const [first, second] = [(a: tf.Tensor) => run(settings)(a, filter), (b: tf.Tensor) => run(settings)(x, b)];
      return [inputTrains ? tf.grad(first)(x) : tf.grad(second)(filter)];
    });
  const [[ours], [whole]] = [gradientOf(options), gradientOf(all)] as [[tf.Tensor], [tf.Tensor]];
  expect(await ours.data()).toBeAllclose(await whole.data(), { tolerance: 0 });
  tf.dispose([x, filter, one, ours, whole]);
});

function reference({ x, filter, ...gate }: Tensors, { mean, variance, gamma, beta }: Tensors, settings: Settings): tf.Tensor {
  const { depthwise, strides, padding, activation } = settings;
  const convolved = (depthwise ? tf.depthwiseConv2d : tf.conv2d)(x as tf.Tensor4D, filter as tf.Tensor4D, strides, padding);
  const factor = tf.mul(tf.rsqrt(tf.add(variance!, 1e-3)), gamma!);
  const normalized = tf.add(tf.mul(tf.sub(convolved, mean!), factor), beta!);
  const swish = (value: tf.Tensor): tf.Tensor => tf.mul(value, tf.sigmoid(value));
  const functions = { linear: (value: tf.Tensor) => value, swish, relu: tf.relu, relu6: tf.relu6 } as const;
  const y = functions[activation](normalized as never) as tf.Tensor4D;
  if (gate['reduce'] === undefined) return y;
  const pooled = tf.mean(y, [1, 2], true);
  const reduced = swish(tf.add(tf.conv2d(pooled as tf.Tensor4D, gate['reduce'] as tf.Tensor4D, 1, 'same'), gate['reduceBias']!));
  const weights = tf.sigmoid(tf.add(tf.conv2d(reduced as tf.Tensor4D, gate['expand'] as tf.Tensor4D, 1, 'same'), gate['expandBias']!));
  return tf.mul(y, weights);
}
