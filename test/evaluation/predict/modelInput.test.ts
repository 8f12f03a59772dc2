// Every function that takes an image converts it to the input of the model in the same way.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { classActivationMap, gradCam, occlusionMap } from '../../../src/evaluation/explain/index.js';
import { classify, classifyMany, ensemble, testTimeAugmentation, warmup, type Predictor } from '../../../src/evaluation/predict/index.js';
import { coveredBox } from '../../../src/image/internal.js';
import { preprocess, type Pixels, type Preprocessing } from '../../../src/image/index.js';
import { efficientNet, foldBatchNorm, setPreprocessing } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { registerWasmTraining } from '../../../src/wasm/index.js';
import { fillModel } from '../../support/fillModel.js';
import { startWasm } from '../../support/wasm.js';

const SIZE = 32;
const image: Pixels = { width: 90, height: 61, channels: 3, data: Uint8Array.from({ length: 90 * 61 * 3 }, (_, i) => (i * i * 7) % 251) };
const RECORDS: readonly Preprocessing[] = [
  { inputSize: SIZE, fit: 'stretch' },
  { inputSize: SIZE, fit: 'crop', cropFraction: 0.875, margins: 'ceil', interpolation: 'bicubic' },
  { inputSize: SIZE, fit: 'pad', fillValue: 114, antialias: true },
  { inputSize: SIZE, fit: 'resizeCrop', cropFraction: 0.875, margins: 'even', interpolation: 'bicubic', resampler: 'pillow' },
  { inputSize: SIZE, fit: 'resizePad', fillValue: [1, 2, 3], interpolation: 'area' },
];

/** Creates a predictor that records its inputs. */
function watched(
  preprocessing: Preprocessing | undefined,
  inputShape: Predictor['inputShape'] = [null, SIZE, SIZE, 3],
): Predictor & { readonly seen: number[][] } {
  const seen: number[][] = [];
  return {
    seen,
    inputShape,
    preprocessing,
    async predict(images) {
      seen.push([...images.shape.slice(1), ...(await images.data()).slice(0, images.size / images.shape[0])]);
      return tf.fill([images.shape[0], 2], 0.5);
    },
  };
}
const inputOf = (record: Preprocessing): number[] => {
  const { height, width, channels, data } = preprocess(image, record);
  return [height, width, channels, ...Float32Array.from(data)];
};

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

describe.each(RECORDS)('$fit', (record) => {
  test.each<[string, (model: Predictor) => Promise<unknown>]>([
    ['classify', (model) => classify(model, image)],
    ['classifyMany', async (model) => classifyMany(model, [image]).next()],
    ['occlusionMap', (model) => occlusionMap(model, image, { patchSize: 16 })],
    ['classify on an ensemble', (model) => classify(ensemble([model, model]), image)],
    ['classify on mirrored views', (model) => classify(testTimeAugmentation(model), image)],
    ['classify on a model of any size', (model) => classify({ ...model, inputShape: [null, null, null, 3] }, image)],
  ])('%s gives the model the result of preprocess', async (_, act) => {
    const model = watched(record);
    await act(model);
    expect(model.seen[0]).toEqual(inputOf(record));
  });

  test.each<[string, (model: Predictor) => Promise<unknown>]>([
    ['classify', (model) => classify(model, image, { preprocessing: record })],
    ['occlusionMap', (model) => occlusionMap(model, image, { patchSize: 16, preprocessing: record })],
    ['classifyMany', async (model) => classifyMany(model, [image], { preprocessing: { preprocessing: record } }).next()],
  ])('the option of %s has priority over the model', async (_, act) => {
    const model = watched({ inputSize: SIZE, fit: 'crop', cropFraction: 0.5 });
    await act(model);
    expect(model.seen[0]).toEqual(inputOf(record));
  });

  test('the heat maps of a layers model are those of that input', async () => {
    const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: SIZE }, { classes: 3 });
    fillModel(model, 2);
    setPreprocessing(model, record);
    const input = preprocess(image, record);
    const asItIs = { preprocessing: { inputSize: SIZE, fit: 'stretch' } } as const;
    for (const explain of [gradCam, classActivationMap, occlusionMap]) {
      const [given, made] = [await explain(model, image), await explain(model, input, asItIs)];
      expect(given.values).toEqual(made.values);
      expect(given.probability).toBe(made.probability);
      expect(given.box).toEqual(coveredBox(image, record));
      expect(made.box).toEqual({ top: 0, left: 0, height: 1, width: 1 });
    }
    // The same again once BatchNormalization is folded.
    const [best] = await classify(model, image);
    const folded = await foldBatchNorm(model);
    expect((await classify(folded, image))[0]!.probability).toBeCloseTo(best!.probability, 5);
    folded.dispose();
    const before = tf.memory().numTensors;
    for (const explain of [gradCam, classActivationMap]) await expect(explain(model, image, { target: 9 })).rejects.toThrow('`target`');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

test.each<[Preprocessing, [number, number, number, number]]>([
  // An image of 60 x 90. Top, left, height and width in pixels.
  [{ inputSize: 30, fit: 'stretch' }, [0, 0, 60, 90]],
  [{ inputSize: 30, fit: 'stretch', cropFraction: 0.75 }, [7.5, 11.25, 45, 67.5]],
  [{ inputSize: 30, fit: 'crop' }, [0, 15, 60, 60]],
  [{ inputSize: 30, fit: 'crop', cropFraction: 0.5 }, [15, 30, 30, 30]],
  [{ inputSize: 30, fit: 'resizeCrop', cropFraction: 0.5 }, [15, 30, 30, 30]],
  [{ inputSize: 30, fit: 'pad' }, [-15, 0, 90, 90]],
  [{ inputSize: 30, fit: 'resizePad' }, [-15, 0, 90, 90]],
  [{ inputSize: 30, fit: 'resizePad', cropFraction: 0.5 }, [7.5, 22.5, 45, 45]],
])('%j covers the box %j', (record, expected) => {
  const { top, left, height, width } = coveredBox({ height: 60, width: 90 }, record);
  expect([top * 60, left * 90, height * 60, width * 90]).toBeAllclose(expected, { tolerance: 1e-9 });
});

describe('a model whose preprocessing is unknown', () => {
  test.each<[string, (model: Predictor) => Promise<unknown>]>([
    ['classify', (model) => classify(model, image)],
    ['classifyMany', async (model) => classifyMany(model, [image]).next()],
    ['occlusionMap', (model) => occlusionMap(model, image)],
    ['classify', (model) => classify(ensemble([model, watched(RECORDS[0])]), image)],
    ['classify', () => classify(testTimeAugmentation(watched(RECORDS[0]), { views: 'five' }), image)],
  ])('is refused by %s', async (where, act) => {
    await expect(act(watched(undefined))).rejects.toThrow(
      `${where}: expected \`preprocessing\` for a model whose preprocessing is unknown, received none. Pass it.`,
    );
  });

  test.each([classify, gradCam, classActivationMap, occlusionMap])(
    'is refused by %o, and the error names setPreprocessing',
    async (act) => {
      const input = tfl.input({ shape: [SIZE, SIZE, 3] });
      const map = tfl.layers.conv2d({ filters: 2, kernelSize: 3 }).apply(input);
      const pooled = tfl.layers.globalAveragePooling2d({}).apply(map);
      const foreign = tfl.model({
        inputs: input,
        outputs: tfl.layers.dense({ units: 2, activation: 'softmax' }).apply(pooled) as tfl.SymbolicTensor,
      });
      const before = tf.memory().numTensors;
      await expect(act(foreign, image)).rejects.toThrow(
        `${act.name}: expected \`preprocessing\` for a model whose preprocessing is unknown, received none. ` +
          `Pass it, or store it in the model with \`setPreprocessing\`.`,
      );
      expect(tf.memory().numTensors).toBe(before);
      setPreprocessing(foreign, RECORDS[0]!);
      await act(foreign, image);
      foreign.dispose();
    },
  );
});

test('a predictor with run receives typed arrays, and no tensors are created', async () => {
  const shapes: (readonly number[])[] = [];
  const model: Predictor = {
    inputShape: [null, SIZE, SIZE, 3],
    preprocessing: RECORDS[1],
    predict: () => {
      throw new Error('no tensors, please');
    },
    run: (values, shape) => {
      shapes.push(shape);
      expect(values.length).toBe(shape.reduce((product, length) => product * length, 1));
      return Promise.resolve({ answer: { shape: [shape[0]!, 2], values: new Float32Array(shape[0]! * 2).fill(0.5) } });
    },
  };
  const before = tf.memory().numTensors;
  await classify(model, image);
  for await (const [best] of classifyMany(model, [image, image, image], { batchSize: 2 })) expect(best!.probability).toBe(0.5);
  await occlusionMap(model, image, { patchSize: 32 });
  await warmup(model, { batchSize: 4 });
  expect(shapes).toEqual([
    [1, SIZE, SIZE, 3],
    [2, SIZE, SIZE, 3],
    [1, SIZE, SIZE, 3],
    [1, SIZE, SIZE, 3],
    [1, SIZE, SIZE, 3],
    [4, SIZE, SIZE, 3],
  ]);
  expect(tf.memory().numTensors).toBe(before);
  const two = {
    ...model,
    run: () => Promise.resolve({ a: { shape: [1, 2], values: new Float32Array(2) }, b: { shape: [1, 2], values: new Float32Array(2) } }),
  };
  await expect(classify(two, image)).rejects.toThrow(
    'classify: expected a model that returns one tensor [1, classes], received 2 outputs. Give it a classifier head.',
  );
});
