// What a model can be made into: features, another head, an inference copy, a file and back.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { BatchNormalization, batchNormalization, convNormAct, head, SeededDropout, stage, stem } from '../../src/layers/index.js';
import {
  classNamesOf, efficientNet, featureExtractor, foldBatchNorm, loadModel, planOf, replaceHead, saveModel, setClassNames,
} from '../../src/models/index.js';
import { VARIANTS, type Variant, type VariantSpec } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;
const LITE = { ...VARIANTS.lite0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;
const V2 = { ...VARIANTS['v2-b0'], widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;

const pixels = (batch = 2, size = 64): tf.Tensor4D => tf.randomUniform([batch, size, size, 3], 0, 255, 'float32', 'pixels');

async function predict(model: tfl.LayersModel, size = 64): Promise<Float32Array> {
  const x = pixels(2, size);
  const y = model.predict(x) as tf.Tensor;
  const values = (await y.data()) as Float32Array;
  tf.dispose([x, y]);
  return values;
}

/** A save handler that keeps the model, and loads it again through JSON as a file would. */
function memory(): tf.io.IOHandler & { saved?: tf.io.ModelArtifacts } {
  const handler: tf.io.IOHandler & { saved?: tf.io.ModelArtifacts } = {
    save(artifacts) {
      handler.saved = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) as object };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    },
    load: () => Promise.resolve(structuredClone(handler.saved!)),
  };
  return handler;
}

beforeAll(startWasm);

describe('efficientNet', () => {
  test('the same seed makes equal weights, another seed others', async () => {
    const weights = async (seed: number): Promise<number[]> => {
      const model = efficientNet(TINY, { seed, classes: 3 });
      const values = await Promise.all(model.getWeights().map((weight) => weight.data()));
      model.dispose();
      return values.flatMap((value) => [...value]);
    };
    const first = await weights(1);
    expect(await weights(1)).toEqual(first);
    expect(await weights(2)).not.toEqual(first);
  });

  test('kernels are truncated normals of variance 2 / fan-out', async () => {
    const model = efficientNet('lite0', { seed: 3, includeTop: false });
    const kernel = (await model.getLayer('top_conv').getWeights()[0]!.data()) as Float32Array;
    const deviation = Math.sqrt(2 / 1280);
    const measured = Math.sqrt(kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length);
    expect(measured / deviation).toBeCloseTo(1, 2);
    expect(Math.max(...kernel.subarray(0, 100_000))).toBeLessThan((2 * deviation) / 0.8796 + 1e-6);
    // Of a normal cut at two deviations 71 % lie within one; of a uniform of the same width, half.
    const within = kernel.filter((value) => Math.abs(value) < deviation / 0.8796).length / kernel.length;
    expect(within).toBeCloseTo(0.6827 / 0.9545, 2);
    model.dispose();
  });

  test('any size goes in where the input size is open, odd ones too', async () => {
    const open = efficientNet(TINY, { inputSize: null, includeTop: false, pooling: 'avg', seed: 1 });
    const fixed = efficientNet(TINY, { inputSize: [65, 65], includeTop: false, pooling: 'avg', seed: 1 });
    expect(await predict(open, 65)).toBeAllclose(await predict(fixed, 65));
    expect((await predict(open, 97)).length).toBe(2 * 320);
  });

  test('a rectangle and one channel go in', () => {
    const model = efficientNet(TINY, { inputSize: [64, 96], inputChannels: 1, normalization: { mean: 0.5, std: 0.25 }, classes: 2 });
    expect(model.inputs[0]!.shape).toEqual([null, 64, 96, 1]);
    model.dispose();
  });

  test.each(['imagenet', 'none', { mean: 0.5, std: 0.5 }, { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] }] as const)(
    'normalization %o is what the stem sees',
    async (normalization) => {
      const model = efficientNet(TINY, { normalization, classes: 3 });
      const first = model.layers[1]!;
      const grey = tf.fill([1, 64, 64, 3], 51);
      const seen = normalization === 'none' ? grey : (first.apply(grey) as tf.Tensor);
      const [mean, std] = normalization === 'imagenet'
        ? [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]
        : normalization === 'none' ? [] : [[normalization.mean].flat(), [normalization.std].flat()];
      const expected = [0, 1, 2].map((c) => (mean === undefined ? 51 : (0.2 - (mean[c] ?? mean[0]!)) / (std![c] ?? std![0]!)));
      expect(normalization === 'none' ? first.name : 'stem_conv').toBe('stem_conv');
      expect([...(await seen.data())].slice(0, 3)).toBeAllclose(expected, { tolerance: 1e-5 });
    },
  );

  test.each<[Variant | VariantSpec, string]>([['b0', 'b0'], ['lite0', 'lite0']])('%s is made without leaking', async (variant) => {
    await expectNoLeak(() => {
      efficientNet(variant, { inputSize: 32 }).dispose();
    });
  });

  test('errors carry its own name', () => {
    expect(() => efficientNet('b9' as 'b8')).toThrow(/^efficientNet: expected one of 'b0', .* for `variant`, received 'b9'\.$/);
    expect(() => efficientNet('b0', { classes: 0 })).toThrow('efficientNet: expected a positive integer for `classes`, received 0.');
    expect(() => efficientNet('b0', { inputSize: 16 })).toThrow(/^efficientNet: expected an input of at least 32 x 32 pixels/);
  });
});

describe('saveModel and loadModel', () => {
  test.each<[string, VariantSpec]>([['V1', TINY], ['Lite', LITE], ['V2', V2]])('%s comes back with its layers, plan, class names and answers', async (_, spec) => {
    const model = efficientNet(spec, { classes: 3, seed: 1 });
    fillModel(model, 2);
    setClassNames(model, ['a', 'b', 'c']);
    const file = memory();
    await saveModel(model, file);
    const back = await loadModel(file);
    expect(await predict(back)).toEqual(await predict(model));
    expect(planOf(back)).toEqual(planOf(model));
    expect(classNamesOf(back)).toEqual(['a', 'b', 'c']);
    expect(back.layers.map((layer) => layer.constructor.name)).toEqual(model.layers.map((layer) => layer.constructor.name));
    expect(back.getLayer('stem_bn')).toBeInstanceOf(BatchNormalization);
    expect(back.getLayer('top_dropout')).toBeInstanceOf(SeededDropout);
  });

  test('plain TensorFlow.js opens the file and predicts the same', async () => {
    const model = efficientNet(TINY, { classes: 3, seed: 1 });
    const file = memory();
    await saveModel(model, file);
    const names = JSON.stringify(file.saved!.modelTopology);
    expect(names).not.toContain('Effnet');
    const stock = await tfl.loadLayersModel(file);
    expect(stock.getLayer('stem_bn')).not.toBeInstanceOf(BatchNormalization);
    expect(await predict(stock)).toEqual(await predict(model));
  });

  test("another's model is left alone", async () => {
    const other = tfl.sequential({ layers: [tfl.layers.batchNormalization({ inputShape: [4, 4, 3], name: 'theirs' }), tfl.layers.dropout({ rate: 0.5 })] });
    const file = memory();
    await saveModel(other, file);
    const back = await loadModel(file);
    expect(back.getLayer('theirs')).not.toBeInstanceOf(BatchNormalization);
    expect(planOf(back)).not.toHaveProperty('variant');
  });

  test('a model composed of blocks by hand keeps its layers too', async () => {
    const input = tfl.input({ shape: [32, 32, 3] });
    const x = stage(stem(input, { filters: 8 }), { name: 'own', repeats: 2, filters: 8, dropRates: [0, 0.1] });
    const model = tfl.model({ inputs: input, outputs: head(convNormAct(x, { name: 'last', filters: 16 }), { classes: 2, hidden: [5] }) });
    const file = memory();
    await saveModel(model, file);
    const back = await loadModel(file);
    expect(back.getLayer('owna_bn')).toBeInstanceOf(BatchNormalization);
    expect(await predict(back, 32)).toEqual(await predict(model, 32));
  });

  test('a page loads from a path of its own server, and without a page such a path is refused', async () => {
    const model = efficientNet(TINY, { classes: 3, seed: 1 });
    const file = memory();
    await saveModel(model, file);
    const { modelTopology, weightSpecs, userDefinedMetadata, weightData } = file.saved!;
    const manifest = JSON.stringify({ modelTopology, userDefinedMetadata, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] });
    const asked: (string | undefined)[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.setHeader('content-type', url?.endsWith('.json') === true ? 'application/json' : 'application/octet-stream');
      response.end(url?.endsWith('.json') === true ? manifest : Buffer.from(weightData as ArrayBuffer));
    }).listen(0);
    onTestFinished(() => { vi.unstubAllGlobals(); server.close(); });
    vi.stubGlobal('location', { href: `http://localhost:${(server.address() as AddressInfo).port}/app/page.html` });
    for (const url of ['models/mine/model.json', '/models/mine/model.json']) expect(await predict(await loadModel(url))).toEqual(await predict(model));
    expect(asked).toEqual(['/app/models/mine/model.json', '/app/models/mine/weights.bin', '/models/mine/model.json', '/models/mine/weights.bin']);
    vi.unstubAllGlobals();
    await expect(loadModel('models/mine/model.json')).rejects.toThrow('loadModel: expected a URL TensorFlow.js can handle here for `source`');
  });

  test('truncated weights are refused', async () => {
    const file = memory();
    await saveModel(efficientNet(TINY, { classes: 3 }), file);
    file.saved = { ...file.saved!, weightData: (file.saved!.weightData as ArrayBuffer).slice(0, 1000) };
    await expect(loadModel(file)).rejects.toThrow(/^loadModel: expected \d+ bytes of weights, received 1000\./);
  });
});

describe('foldBatchNorm', () => {
  test.each<[string, VariantSpec, 'same' | 'symmetric']>([
    ['V1', TINY, 'same'], ['V1, symmetric', TINY, 'symmetric'], ['Lite', LITE, 'same'], ['V2', V2, 'same'],
  ])('%s answers the same without any BatchNormalization', async (_, spec, padding) => {
    const model = efficientNet(spec, { classes: 7, padding, classifierActivation: 'linear' });
    fillModel(model, 2);
    const folded = await foldBatchNorm(model);
    expect(folded.layers.some((layer) => layer instanceof BatchNormalization)).toBe(false);
    const expected = await predict(model);
    const range = Math.max(...expected) - Math.min(...expected);
    expect(await predict(folded)).toBeAllclose(expected, { tolerance: 1e-5 * range });
    expect(planOf(folded)).toEqual(planOf(model));
  });

  test("ReLU6 runs inside Lite's convolutions, swish beside V1's", async () => {
    const lite = await foldBatchNorm(efficientNet(LITE, { classes: 3 }));
    const classes = new Set(lite.layers.map((layer) => layer.getClassName()));
    expect([...classes].sort()).toEqual(['Add', 'Conv2D', 'Dense', 'DepthwiseConv2D', 'Dropout', 'GlobalAveragePooling2D', 'InputLayer', 'Rescaling']);
    const kernels = async (model: tfl.LayersModel): Promise<string[]> => {
      const { kernels } = await tf.profile(() => model.predict(tf.zeros([1, 64, 64, 3])));
      return [...new Set(kernels.map(({ name }) => name))];
    };
    expect(await kernels(lite)).not.toContain('Minimum');
    expect(await kernels(await foldBatchNorm(efficientNet(TINY, { classes: 3 })))).toEqual(expect.not.arrayContaining(['DepthwiseConv2dNative', 'FusedBatchNorm']));
  });

  test.each<[string, VariantSpec]>([['V1', TINY], ['Lite', LITE]])('a folded %s survives files, here and in plain TensorFlow.js', async (_, spec) => {
    const model = efficientNet(spec, { classes: 3, padding: 'symmetric' });
    fillModel(model, 2);
    const folded = await foldBatchNorm(model);
    const file = memory();
    await saveModel(folded, file);
    expect(JSON.stringify(file.saved!.modelTopology)).not.toContain('Effnet');
    const back = await loadModel(file);
    expect(back.layers.map((layer) => layer.constructor.name)).toEqual(folded.layers.map((layer) => layer.constructor.name));
    expect(await predict(back)).toEqual(await predict(folded));
    expect(await predict(await tfl.loadLayersModel(file))).toBeAllclose(await predict(folded), { tolerance: 1e-6 });
  });

  test('what is an output of the model stays what it is', async () => {
    const model = efficientNet(LITE, { classes: 3 });
    fillModel(model, 2);
    const features = featureExtractor(model, ['stem_conv', 'stem_bn', 'stem_activation', 'predictions']);
    const folded = await foldBatchNorm(features);
    const x = pixels();
    const [expected, received] = [features.predict(x) as tf.Tensor[], folded.predict(x) as tf.Tensor[]];
    for (const [i, output] of expected.entries()) expect([...(await received[i]!.data())]).toBeAllclose([...(await output.data())], { tolerance: 1e-4 });
  });

  test('a normalization with no convolution to itself stays', async () => {
    const input = tfl.input({ shape: [8, 8, 3] });
    const shared = tfl.layers.conv2d({ filters: 4, kernelSize: 3, useBias: false, name: 'shared' }).apply(input) as tfl.SymbolicTensor;
    const normed = batchNormalization({ name: 'bn' }).apply(shared) as tfl.SymbolicTensor;
    const outputs = tfl.layers.add().apply([shared, normed]) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs });
    fillModel(model, 1);
    const folded = await foldBatchNorm(model);
    expect(folded.getLayer('bn')).toBeInstanceOf(BatchNormalization);
    expect(await predict(folded, 8)).toEqual(await predict(model, 8));
  });

  test('leaks nothing', async () => {
    const model = efficientNet(TINY, { classes: 3 });
    await expectNoLeak(async () => {
      (await foldBatchNorm(model)).dispose();
    });
  });
});

describe('featureExtractor', () => {
  test('taps the last map of each size', () => {
    const model = efficientNet('b0', { inputSize: 64, includeTop: false });
    const pyramid = featureExtractor(model, ['reduction_1', 'reduction_2', 'reduction_3', 'reduction_4', 'reduction_5', 'top_activation']);
    expect(pyramid.outputs.map((output) => output.shape)).toEqual([
      [null, 32, 32, 16], [null, 16, 16, 24], [null, 8, 8, 40], [null, 4, 4, 112], [null, 2, 2, 320], [null, 2, 2, 1280],
    ]);
  });

  test('an unknown layer is refused', () => {
    const model = efficientNet(TINY, { classes: 3 });
    expect(() => featureExtractor(model, ['reduction_9'])).toThrow(/^featureExtractor: expected names of layers \('reduction_1', .*\) for `names`, received 'reduction_9'\.$/);
  });
});

describe('replaceHead', () => {
  test('keeps the features and answers for the new classes', async () => {
    const model = efficientNet(TINY, { classes: 10, seed: 1 });
    const features = featureExtractor(model, ['top_activation']);
    const before = await predict(features);
    const result = replaceHead(model, { classes: 3, dropoutRate: 0.2, classNames: ['x', 'y', 'z'] });
    expect(result.outputs[0]!.shape).toEqual([null, 3]);
    expect(await predict(featureExtractor(result, ['top_activation']))).toEqual(before);
    expect(classNamesOf(result)).toEqual(['x', 'y', 'z']);
    expect(planOf(result).classes).toBe(3);
    expect(planOf(result).layers.map((layer) => layer.name)).toContain('predictions');
  });

  test('max pooling and hidden layers make a head of its own', () => {
    const base = efficientNet(TINY, { includeTop: false });
    const result = replaceHead(base, { classes: 1, classifierActivation: 'sigmoid', pooling: 'max', hidden: [16], classNames: ['no', 'yes'] });
    expect(result.layers.slice(-3).map((layer) => layer.name)).toEqual(['max_pool', 'hidden1', 'predictions']);
    expect(planOf(result).classifier).toBeNull();
  });

  test('pooled features are taken as they are', () => {
    const result = replaceHead(efficientNet(TINY, { includeTop: false, pooling: 'avg' }), { classes: 4 });
    expect(result.layers.slice(-2).map((layer) => layer.name)).toEqual(['avg_pool', 'predictions']);
  });

  test('the old head leaves no tensor behind', async () => {
    await expectNoLeak(() => {
      replaceHead(efficientNet(TINY, { classes: 10 }), { classes: 3 }).dispose();
    });
  });

  test('names that do not match the classes are refused', () => {
    expect(() => replaceHead(efficientNet(TINY), { classes: 3, classNames: ['a'] })).toThrow(
      'replaceHead: expected 3 names for `classNames`, one per class, received 1.');
  });
});
