import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { trackMemory } from '../../../src/backends/index.js';
import { gradCam } from '../../../src/evaluation/explain/index.js';
import { classify, classifyMany, evaluate, type Predictor } from '../../../src/evaluation/predict/index.js';
import type { Pixels } from '../../../src/image/index.js';
import { efficientNet, setPreprocessing } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { startWasm } from '../../support/wasm.js';

const SIZE = 32;
const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: SIZE };
const imageOf = (value: (i: number) => number): Pixels & { readonly data: Float32Array } => ({
  width: SIZE,
  height: SIZE,
  channels: 3,
  data: Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => value(i)),
});
/** An image that was divided by 255. */
const unit = imageOf((i) => ((i * 7) % 256) / 255);
const constant: Predictor = { predict: (x) => tf.fill([x.shape[0], 2], 0.5) };
const preprocessing = { inputSize: SIZE, fit: 'stretch' } as const;
const REMEDY = 'Multiply them by 255: the model normalizes its input itself.';

let model: tfl.LayersModel;
beforeAll(async () => {
  await startWasm();
  model = efficientNet(SPEC, { classes: 2 });
});

test('an image in [0, 1] is refused by every function that takes images', async () => {
  const message = (where: string): string =>
    `${where}: expected pixels in [0, 255] for \`image\`, received only values in [0, 1]. ${REMEDY}`;
  await expect(classify(model, unit)).rejects.toThrow(message('classify'));
  await expect(classify({ ...constant, preprocessing }, unit)).rejects.toThrow(message('classify'));
  await expect(classifyMany(model, [unit]).next()).rejects.toThrow(message('classifyMany'));
  await expect(gradCam(model, unit)).rejects.toThrow(message('gradCam'));
});

test.each<[string, Pixels]>([
  ['a black image', imageOf(() => 0)],
  ['a gray image with one fraction', imageOf(() => 0.5)],
  ['an image of zeros and ones', imageOf((i) => i % 2)],
  ['a dark image of integers', { ...unit, data: Uint8Array.from(unit.data, Math.round) }],
  ['a dark image with one brighter pixel', imageOf((i) => (i === 9 ? 2 : ((i * 7) % 256) / 255))],
  ['a normalized image', imageOf((i) => ((i * 7) % 256) / 127.5 - 1)],
])('%s is not refused', async (_, image) => {
  expect(await classify(model, image)).toHaveLength(2);
});

test('a model is not restricted unless it is known to take [0, 255]', async () => {
  expect(await classify(constant, unit, { preprocessing })).toHaveLength(2);
  const input = tfl.input({ shape: [SIZE, SIZE, 3] });
  for (const scale of [2, 1 / 255]) {
    const scaled = tfl.layers.rescaling({ scale, offset: -1 }).apply(input);
    const pooled = tfl.layers.globalAveragePooling2d({}).apply(scaled);
    const foreign = tfl.model({
      inputs: input,
      outputs: tfl.layers.dense({ units: 2, activation: 'softmax' }).apply(pooled) as tfl.SymbolicTensor,
    });
    setPreprocessing(foreign, preprocessing);
    if (scale === 2) expect(await classify(foreign, unit)).toHaveLength(2);
    else await expect(classify(foreign, unit)).rejects.toThrow('received only values in [0, 1]');
    foreign.dispose();
  }
});

test('evaluate checks the first batch, and the option accepts it', async () => {
  const batch = (image: Pixels) => ({
    xs: tf.tensor4d(Float32Array.from(image.data), [1, SIZE, SIZE, 3]),
    ys: tf.tensor1d([0], 'int32'),
  });
  const { kept } = await trackMemory(async () => {
    await expect(evaluate(model, [batch(unit)])).rejects.toThrow(
      `evaluate: expected images with pixels in [0, 255] for \`data\`, received a batch with only values in [0, 1]. ${REMEDY} ` +
        "If they are right, pass `otherPreprocessing: 'accept'`.",
    );
    await expect(evaluate(model, [{ pixels: unit, label: 0 }])).rejects.toThrow('evaluate: expected images with pixels in [0, 255]');
    expect((await evaluate(model, [batch(unit)], { otherPreprocessing: 'accept' })).count).toBe(1);
    expect((await evaluate(model, [batch(imageOf(() => 0)), batch(imageOf(() => 1))])).count).toBe(2);
  });
  expect(kept.tensors).toBe(0);
});
