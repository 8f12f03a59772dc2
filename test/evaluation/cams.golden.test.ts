// Maps of a tiny network against TensorFlow's GradientTape (test/fixtures/evaluation/cams.py).

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { trackMemory } from '../../src/backends/index.js';
import { classActivationMap, gradCam, occlusionMap, overlayHeat } from '../../src/evaluation/index.js';
import type { CoveredBox } from '../../src/image/index.js';
import { efficientNet, setClassNames, setPreprocessing } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import golden from '../fixtures/evaluation/cams.json' with { type: 'json' };
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

const size = golden.model.size;
const image = { width: size, height: size, channels: 3, data: inputPixels(golden.input) };
const spec = { ...VARIANTS.b0, widthCoefficient: golden.model.width_coefficient, depthCoefficient: golden.model.depth_coefficient };
let model: tfl.LayersModel;

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
  model = efficientNet(spec, { classes: 5, inputSize: size, dropoutRate: 0.5, dropConnectRate: 0.5 });
  fillModel(model, golden.gain);
  setClassNames(model, ['ant', 'bee', 'cat', 'dog', 'eel']);
  // The image is the input that TensorFlow was given.
  setPreprocessing(model, { inputSize: size, fit: 'stretch' });
});

test.each(golden.cams)('$layer, class $class: Grad-CAM and Grad-CAM++ are those of TensorFlow', async ({ layer, class: wanted, shape, ...maps }) => {
  for (const method of ['gradCam', 'gradCam++'] as const) {
    const heat = await gradCam(model, image, { layer, class: wanted, method });
    expect([heat.height, heat.width]).toEqual(shape);
    expect(heat.values).toBeAllclose(maps[method], { tolerance: 1e-4 });
    expect([heat.probability]).toBeAllclose([golden.probabilities[wanted]!], { tolerance: 1e-5 });
  }
});

test.each(golden.cam)('class $class: the plain map weights the last features by the classifier', async ({ class: wanted, heat }) => {
  expect((await classActivationMap(model, image, { class: wanted })).values).toBeAllclose(heat, { tolerance: 1e-4 });
});

test.each(golden.occlusion)('class $class: hiding squares costs what Keras loses', async ({ class: wanted, patch, stride, heat, shape }) => {
  const map = await occlusionMap(model, image, { class: wanted, patch, stride, batchSize: 7 });
  expect([map.height, map.width]).toEqual(shape);
  expect(map.values).toBeAllclose(heat, { tolerance: 1e-3 });
});

test('without a layer and a class, the last features and the most probable class are explained', async () => {
  const top = golden.probabilities.indexOf(Math.max(...golden.probabilities));
  const heat = await gradCam(model, image);
  expect(heat).toMatchObject({ classIndex: top, className: ['ant', 'bee', 'cat', 'dog', 'eel'][top] });
  expect(heat.values).toEqual((await gradCam(model, image, { layer: 'top_activation', class: heat.className })).values);
});

test('explaining keeps no tensor, changes no weight and leaves the model as it was', async () => {
  const before = await Promise.all(model.getWeights().map(async (weight) => weight.data()));
  const input = tf.tensor4d(image.data, [1, size, size, 3]);
  const answer = (): Promise<Float32Array> => {
    const output = model.predict(input) as tf.Tensor;
    return output.data<'float32'>().finally(() => {
      output.dispose();
    });
  };
  const said = await answer();
  const { kept } = await trackMemory(async () => {
    await gradCam(model, image, { layer: 'block2a_project_bn', smooth: 2 });
    await gradCam(model, image, { method: 'gradCam++' });
    await gradCam(model, image, { layer: 'avg_pool' }).catch(() => undefined);
    await classActivationMap(model, image);
    await occlusionMap(model, image);
    await occlusionMap(model, image, { patch: 65 }).catch(() => undefined);
  });
  expect(kept.tensors).toBe(0);
  expect(await answer()).toEqual(said);
  expect(await Promise.all(model.getWeights().map(async (weight) => weight.data()))).toEqual(before);
  input.dispose();
});

test('smoothing repeats with its seed and moves the map', async () => {
  const of = async (options: object) => (await gradCam(model, image, { layer: 'stem_activation', class: 0, ...options })).values;
  expect(await of({ smooth: 3, seed: 1 })).toEqual(await of({ smooth: 3, seed: 1 }));
  expect(await of({ smooth: 3, seed: 1 })).not.toEqual(await of({ smooth: 3, seed: 2 }));
});

test('one sigmoid output explains both of its classes', async () => {
  const binary = efficientNet(spec, { classes: 1, classifierActivation: 'sigmoid', inputSize: size });
  fillModel(binary, golden.gain);
  const [no, yes] = [await gradCam(binary, image, { class: 0, preprocessing: model }), await gradCam(binary, image, { class: 1, preprocessing: model })];
  expect(no.probability + yes.probability).toBeCloseTo(1, 6);
  expect(yes.values).toBeAllclose((await classActivationMap(binary, image, { class: 1, preprocessing: model })).values, { tolerance: 1e-4 });
  expect(no.values).not.toEqual(yes.values);
  binary.dispose();
});

test('an overlay leaves cold places as they are and has the size of the image', () => {
  const photo = { width: 4, height: 2, channels: 3, data: new Uint8Array(24).fill(100) };
  const heat = { width: 2, height: 1, values: Float32Array.of(0, 1), classIndex: 0, className: '', probability: 1 };
  const { width, height, data } = overlayHeat(photo, heat, { opacity: 1 });
  expect([width, height, data.length]).toEqual([4, 2, 24]);
  expect([...data.slice(0, 3)]).toEqual([100, 100, 100]);
  expect([...data.slice(9, 12)]).toEqual([252, 255, 164]);
});

test('an overlay covers the part of the image that the model saw', () => {
  const photo = { width: 8, height: 4, channels: 1, data: new Uint8Array(32).fill(100) };
  const hot = { width: 1, height: 1, values: Float32Array.of(1), classIndex: 0, className: '', probability: 1 };
  const covered = (box: CoveredBox): string => Array.from({ length: 4 }, (_, y) => Array.from({ length: 8 }, (_, x) =>
    (overlayHeat(photo, { ...hot, box }).data[(y * 8 + x) * 3] === 100 ? '.' : '#')).join('')).join(' ');
  // The square in the middle of a wide image, three quarters of that square, and an image that was padded above and below.
  expect(covered({ top: 0, left: 0.25, height: 1, width: 0.5 })).toBe('..####.. ..####.. ..####.. ..####..');
  expect(covered({ top: 0.25, left: 0.375, height: 0.5, width: 0.25 })).toBe('........ ...##... ...##... ........');
  expect(covered({ top: -0.5, left: 0, height: 2, width: 1 })).toBe('######## ######## ######## ########');
});

test.each<[string, () => Promise<unknown>]>([
  ['a layer that is not there', () => gradCam(model, image, { layer: 'block9z' })],
  ['a layer without a map', () => gradCam(model, image, { layer: 'avg_pool' })],
  ['a class beyond the last', () => gradCam(model, image, { class: 5 })],
  ['a name the model does not know', () => gradCam(model, image, { class: 'zebra' })],
  ['an unknown option', () => gradCam(model, image, { layers: 1 } as never)],
  ['a grey picture', () => gradCam(model, { width: 2, height: 2, channels: 1, data: new Uint8Array(4) })],
  ['a runtime', () => gradCam({ predict: () => tf.scalar(0) } as never, image)],
  ['a patch the stride does not divide', () => occlusionMap(model, image, { patch: 16, stride: 5 })],
])('%s is refused in one sentence', async (_, act) => {
  await expect(act()).rejects.toThrowErrorMatchingSnapshot();
});

test('a head of several layers has no plain map', async () => {
  const features = model.getLayer('avg_pool').output as tfl.SymbolicTensor;
  const hidden = tfl.layers.dense({ units: 4 }).apply(features) as tfl.SymbolicTensor;
  const deep = tfl.model({ inputs: model.inputs, outputs: tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(hidden) as tfl.SymbolicTensor });
  await expect(classActivationMap(deep, image, { preprocessing: model })).rejects.toThrow(/average pooling and one dense layer after 'top_activation'.*Use gradCam/);
  expect((await gradCam(deep, image, { preprocessing: model })).values).toHaveLength(4);
});

test.each([NaN, Infinity])('a model that answers %d is not explained', async (answer) => {
  const broken = { predict: (x: tf.Tensor4D) => tf.fill([x.shape[0], 3], answer), inputShape: [null, size, size, 3] };
  await expect(occlusionMap(broken, image, { patch: 16, stride: 16, preprocessing: model })).rejects.toThrow(`occlusionMap: expected finite outputs of the model, received ${answer}. Its weights are not finite, or too large.`);
});
