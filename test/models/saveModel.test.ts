// Models saved with smaller kernels: in the format of TensorFlow.js' converter, for plain TensorFlow.js and for loadModel.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { DataError } from '../../src/core/index.js';
import { classNamesOf, efficientNet, foldBatchNorm, loadModel, planOf, saveModel, setClassNames } from '../../src/models/index.js';
import { VARIANTS, type VariantSpec } from '../../src/scaling/index.js';
import { loadWeights, readTfjs, weightsOf } from '../../src/weights/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const spec = (variant: 'b0' | 'lite0'): VariantSpec => ({
  ...VARIANTS[variant],
  widthCoefficient: 0.25,
  depthCoefficient: 0.5,
  inputSize: 32,
});

beforeAll(startWasm);

async function saved(model: tfl.LayersModel, dtype?: 'float32' | 'float16' | 'uint8'): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await saveModel(
    model,
    {
      save(given) {
        // Through JSON, as a model.json is.
        artifacts = {
          ...given,
          ...(JSON.parse(JSON.stringify({ modelTopology: given.modelTopology, weightSpecs: given.weightSpecs })) as object),
        };
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
      },
    },
    { dtype },
  );
  return artifacts!;
}

async function answer(model: tfl.LayersModel): Promise<Float32Array> {
  const shape = [2, ...model.inputs[0]!.shape.slice(1)] as number[];
  const x = tf.randomUniform(shape, 0, 255, 'float32', 'pixels');
  const y = model.predict(x) as tf.Tensor;
  const values = (await y.data()) as Float32Array;
  tf.dispose([x, y]);
  return values;
}

const sizeOf = ({ weightData }: tf.io.ModelArtifacts): number => (weightData as ArrayBuffer).byteLength;
const storedAs = ({ weightSpecs }: tf.io.ModelArtifacts): Record<string, string> =>
  Object.fromEntries(weightSpecs!.map(({ name, dtype, quantization }) => [name, quantization?.dtype ?? dtype]));

function filled(variant: 'b0' | 'lite0'): tfl.LayersModel {
  const model = efficientNet(spec(variant), { classes: 120 });
  fillModel(model, 2);
  return model;
}

/** One dense layer of 128 to 256, whose kernel is `value` of numbers in [0, 1) in no order. */
function denseOf(value: (position: number) => number): tfl.LayersModel {
  const input = tfl.input({ shape: [128] });
  const model = tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 256, name: 'wide' }).apply(input) as tfl.SymbolicTensor });
  const kernel = tf.tensor(
    Float32Array.from({ length: 32_768 }, (_, i) => value(((i * 7919) % 1009) / 1009)),
    [128, 256],
  );
  const bias = tf.fill([256], 1e6);
  model.setWeights([kernel, bias]);
  tf.dispose([kernel, bias]);
  return model;
}

test.each([
  ['b0', 'float16', 5e-3],
  ['lite0', 'float16', 5e-3],
  ['b0', 'uint8', 5e-2],
  ['lite0', 'uint8', 5e-2],
] as const)(
  '%s stored as %s answers nearly the same, in plain TensorFlow.js too, and keeps its plan and class names',
  async (variant, dtype, tolerance) => {
    const model = filled(variant);
    const names = Array.from({ length: 120 }, (_, i) => `class ${i}`);
    setClassNames(model, names);
    const [full, small] = [await saved(model), await saved(model, dtype)];
    expect(sizeOf(small)).toBeLessThan({ float16: 0.56, uint8: 0.5 }[dtype] * sizeOf(full));
    const expected = await answer(model);
    const largest = Math.max(...expected);
    const [back, plain] = [await loadModel({ load: () => Promise.resolve(small) }), await tfl.loadLayersModel(tf.io.fromMemory(small))];
    expect(await answer(back)).toBeAllclose(expected, { tolerance: tolerance * largest });
    expect(await answer(plain)).toBeAllclose(await answer(back), { tolerance: 1e-6 });
    expect(await answer(back)).not.toEqual(expected);
    expect(classNamesOf(back)).toEqual(names);
    expect(planOf(back)).toEqual(planOf(model));
  },
);

test('kernels are stored in the dtype, vectors as float32; in uint8 files small and depthwise kernels as float16', async () => {
  const [half, byte] = [storedAs(await saved(filled('b0'), 'float16')), storedAs(await saved(filled('b0'), 'uint8'))];
  const [wide, narrow] = ['predictions/kernel', 'stem_conv/kernel'];
  expect(half).toMatchObject({
    [wide]: 'float16',
    [narrow]: 'float16',
    'block2a_dwconv/depthwise_kernel': 'float16',
    'stem_bn/moving_variance': 'float32',
    'predictions/bias': 'float32',
  });
  expect(byte).toMatchObject({
    [wide]: 'uint8',
    [narrow]: 'float16',
    'block2a_dwconv/depthwise_kernel': 'float16',
    'stem_bn/moving_variance': 'float32',
    'predictions/bias': 'float32',
  });
  expect(new Set(Object.values(storedAs(await saved(filled('b0')))))).toEqual(new Set(['float32']));
});

// Expected: quantize_weights of tensorflowjs 4.22.0 (quantization.py) on the same numbers: the first steps, their sum, scale and min.
test.each([
  ['around zero', (x: number) => x * 3 - 1, [0, 216, 178, 139, 100, 62, 23, 239], 4175210, 0.011753046278860054, -0.9990089337031046],
  ['above zero', (x: number) => x + 2, [0, 217, 178, 139, 100, 62, 23, 240], 4177988, 0.003917681937124215, 2],
  ['below zero', (x: number) => x * -0.1 - 0.5, [255, 38, 77, 116, 155, 193, 232, 15], 4177883, 0.0003917682404611625, -0.5999009013175964],
  ['all equal', () => 0.3, [0, 0, 0, 0, 0, 0, 0, 0], 0, 1, 0.30000001192092896],
] as const)('numbers %s become the steps that the converter makes of them', async (_, value, first, sum, scale, min) => {
  const { weightSpecs, weightData } = await saved(denseOf(value), 'uint8');
  const steps = new Uint8Array(weightData as ArrayBuffer, 0, 32_768);
  expect([...steps.subarray(0, 8)]).toEqual(first);
  expect(steps.reduce((total, step) => total + step, 0)).toBe(sum);
  expect(weightSpecs![0]).toEqual({
    name: 'wide/kernel',
    shape: [128, 256],
    dtype: 'float32',
    quantization: {
      dtype: 'uint8',
      original_dtype: 'float32',
      scale: expect.closeTo(scale, 12) as number,
      min: expect.closeTo(min, 12) as number,
    },
  });
});

test('zero stays zero, and saving what was loaded changes nothing more', async () => {
  const once = await saved(
    denseOf((x) => (x < 0.3 ? 0 : x - 0.6)),
    'uint8',
  );
  const load = (artifacts: tf.io.ModelArtifacts): Promise<tfl.LayersModel> => loadModel({ load: () => Promise.resolve(artifacts) });
  const kernel = async (model: tfl.LayersModel): Promise<Float32Array> => (await model.getWeights()[0]!.data()) as Float32Array;
  const first = await kernel(await load(once));
  expect(first.filter((value) => value === 0).length).toBeGreaterThan(9000);
  const second = await kernel(await load(await saved(await load(once), 'uint8')));
  expect(second).toBeAllclose(first, { tolerance: 1e-7 });
});

test('a kernel that float16 cannot store is refused by name, and a bias of any size stays', async () => {
  const model = denseOf((x) => (x === 0 ? 65520 : x));
  await expect(saved(model, 'float16')).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: saveModel: expected numbers that float16 can store, at most 65504, in 'wide/kernel', received 65520. Write them with \`dtype: 'float32'\`.]`,
  );
  const back = await loadModel({ load: () => saved(model, 'uint8') });
  expect((await back.getWeights()[1]!.data())[0]).toBe(1e6);
});

test('folded models are stored smaller too', async () => {
  for (const variant of ['b0', 'lite0'] as const) {
    const folded = await foldBatchNorm(filled(variant));
    const expected = await answer(folded);
    for (const dtype of ['float16', 'uint8'] as const) {
      const back = await loadModel({ load: () => saved(folded, dtype) });
      expect(await answer(back)).toBeAllclose(expected, { tolerance: 5e-2 * Math.max(...expected) });
    }
  }
});

test('loadWeights takes the weights of a smaller file', async () => {
  const model = filled('b0');
  for (const dtype of ['float16', 'uint8'] as const) {
    const artifacts = await saved(model, dtype);
    const other = efficientNet(spec('b0'), { classes: 120 });
    await loadWeights(other, readTfjs(artifacts));
    const opened = await loadModel({ load: () => Promise.resolve(artifacts) });
    expect((await weightsOf(other)).get('predictions/kernel')!.values()).toEqual(
      (await weightsOf(opened)).get('predictions/kernel')!.values(),
    );
  }
});

test('wrong options and targets are refused before anything is saved', async () => {
  const model = filled('b0');
  await expect(saved(model, 'int8' as never)).rejects.toThrow(
    "saveModel: expected one of 'float32', 'float16', 'uint8' for `dtype`, received 'int8'.",
  );
  await expect(saveModel(model, { load: () => Promise.reject(new Error()) })).rejects.toThrow(
    'saveModel: expected a URL or a handler that can save for `target`',
  );
  await expect(saveModel(model, null as never)).rejects.toThrow(
    'saveModel: expected a URL or a handler that can save for `target`, received null.',
  );
  await expect(saveModel(model, 'indexeddb://mine', { dtype: 'uint8' })).rejects.toThrow(
    'saveModel: expected a URL TensorFlow.js can handle here',
  );
});

test('a place that cannot be written is named with the reason, and an error of this library passes', async () => {
  const model = filled('b0');
  const failing = (error: Error): tf.io.IOHandler => ({ save: () => Promise.reject(error) });
  const full = new Error('Failed to save model to local storage: the quota is exceeded.');
  for (const dtype of ['float32', 'uint8'] as const) {
    const error: unknown = await saveModel(model, failing(full), { dtype }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      name: 'DataError',
      message:
        'saveModel: expected the model to be saved at the handler, received an error: Failed to save model to local storage: the quota is exceeded.',
      cause: full,
    });
  }
  await expect(saveModel(model, failing(new DataError('mine')))).rejects.toThrow(/^mine$/);
  await expect(saveModel(model, 'http://127.0.0.1:9/model')).rejects.toThrow(
    /^saveModel: expected the model to be saved at 'http:\/\/127\.0\.0\.1:9\/model', received an error: .+\.$/,
  );
});

test.each(['float32', 'float16', 'uint8'] as const)(
  'a weight that is not finite is refused as %s before anything is saved',
  async (dtype) => {
    for (const value of [NaN, Infinity]) {
      const asked: unknown[] = [];
      const handler: tf.io.IOHandler = {
        save: (artifacts) => {
          asked.push(artifacts);
          return Promise.reject(new Error('asked'));
        },
      };
      await expect(
        saveModel(
          denseOf((x) => (x === 0 ? value : x)),
          handler,
          { dtype },
        ),
      ).rejects.toThrow("saveModel: expected finite weights, received NaN or Infinity in 'wide/kernel'. Nothing was written.");
      expect(asked).toEqual([]);
    }
  },
);

test('leaks no tensor', async () => {
  const model = filled('b0');
  await expectNoLeak(() => saved(model, 'uint8'));
});
