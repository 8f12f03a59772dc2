import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { BatchNormalization } from '../../src/layers/internal.js';
import { batchNormalization } from '../../src/layers/index.js';
import { efficientNet, featureExtractor, foldBatchNorm, loadModel, planOf, saveModel } from '../../src/models/index.js';
import type { VariantSpec } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { LITE, memory, pixels, predict, TINY, V2 } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

describe('foldBatchNorm', () => {
  test.each<[string, VariantSpec, 'same' | 'symmetric']>([
    ['V1', TINY, 'same'],
    ['V1, symmetric', TINY, 'symmetric'],
    ['Lite', LITE, 'same'],
    ['V2', V2, 'same'],
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
    expect([...classes].sort()).toEqual([
      'Add',
      'Conv2D',
      'Dense',
      'DepthwiseConv2D',
      'Dropout',
      'GlobalAveragePooling2D',
      'InputLayer',
      'Rescaling',
    ]);
    const kernels = async (model: tfl.LayersModel): Promise<string[]> => {
      const { kernels } = await tf.profile(() => model.predict(tf.zeros([1, 64, 64, 3])));
      return [...new Set(kernels.map(({ name }) => name))];
    };
    expect(await kernels(lite)).not.toContain('Minimum');
    expect(await kernels(await foldBatchNorm(efficientNet(TINY, { classes: 3 })))).toEqual(
      expect.not.arrayContaining(['DepthwiseConv2dNative', 'FusedBatchNorm']),
    );
  });

  test.each<[string, VariantSpec]>([
    ['V1', TINY],
    ['Lite', LITE],
  ])('a folded %s survives files, here and in plain TensorFlow.js', async (_, spec) => {
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

  test('an output of the model is not folded', async () => {
    const model = efficientNet(LITE, { classes: 3 });
    fillModel(model, 2);
    const features = featureExtractor(model, ['stem_conv', 'stem_bn', 'stem_activation', 'predictions']);
    const folded = await foldBatchNorm(features);
    const x = pixels();
    const [expected, received] = [features.predict(x) as tf.Tensor[], folded.predict(x) as tf.Tensor[]];
    for (const [i, output] of expected.entries())
      expect([...(await received[i]!.data())]).toBeAllclose([...(await output.data())], { tolerance: 1e-4 });
  });

  test('a normalization whose convolution has other readers is kept', async () => {
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

  test('leaks no tensor', async () => {
    const model = efficientNet(TINY, { classes: 3 });
    await expectNoLeak(async () => {
      (await foldBatchNorm(model)).dispose();
    });
  });
});
