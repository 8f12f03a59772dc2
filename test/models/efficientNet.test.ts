import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { pretrained } from '../../src/node/weights/index.js';
import type { Variant, VariantSpec } from '../../src/scaling/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { predict, TINY } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

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

  test('a model without a fixed input size takes any size, including odd ones', async () => {
    const open = efficientNet(TINY, { inputSize: null, includeTop: false, pooling: 'avg', seed: 1 });
    const fixed = efficientNet(TINY, { inputSize: [65, 65], includeTop: false, pooling: 'avg', seed: 1 });
    expect(await predict(open, 65)).toBeAllclose(await predict(fixed, 65));
    expect((await predict(open, 97)).length).toBe(2 * 320);
  });

  test('inputs may be rectangular and have one channel', () => {
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
      const [mean, std] =
        normalization === 'imagenet'
          ? [
              [0.485, 0.456, 0.406],
              [0.229, 0.224, 0.225],
            ]
          : normalization === 'none'
            ? []
            : [[normalization.mean].flat(), [normalization.std].flat()];
      const expected = [0, 1, 2].map((c) => (mean === undefined ? 51 : (0.2 - (mean[c] ?? mean[0]!)) / (std![c] ?? std![0]!)));
      expect(normalization === 'none' ? first.name : 'stem_conv').toBe('stem_conv');
      expect([...(await seen.data())].slice(0, 3)).toBeAllclose(expected, { tolerance: 1e-5 });
    },
  );

  test.each<[Variant | VariantSpec, string]>([
    ['b0', 'b0'],
    ['lite0', 'lite0'],
  ])('%s is made without leaking', async (variant) => {
    await expectNoLeak(() => {
      efficientNet(variant, { inputSize: 32 }).dispose();
    });
  });

  test('errors begin with the name of the function', () => {
    expect(() => efficientNet('b9' as 'b8')).toThrow(/^efficientNet: expected one of 'b0', .* for `variant`, received 'b9'\.$/);
    expect(() => efficientNet('b0', { classes: 0 })).toThrow('efficientNet: expected a positive integer for `classes`, received 0.');
    expect(() => efficientNet('b0', { inputSize: 16 })).toThrow(/^efficientNet: expected an input of at least 32 x 32 pixels/);
  });

  test.each([
    ['B0', 'b0'],
    ['efficientnet-b0', 'b0'],
    ['efficientnet_b0', 'b0'],
    ['EfficientNetV2S', 'v2-s'],
    ['tf_efficientnetv2_b0', 'v2-b0'],
  ])('%s is answered with the name of the variant', async (name, variant) => {
    expect(() => efficientNet(name as 'b0')).toThrow(` for \`variant\`, received '${name}'. Did you mean '${variant}'?`);
    await expect(pretrained(name)).rejects.toThrow(
      `pretrained: expected a variant or a checkpoint for \`name\`, received '${name}'. Did you mean '${variant}'?`,
    );
  });

  test("the error for silu proposes this library's name for it", () => {
    expect(() => efficientNet('b0', { activation: 'silu' as 'swish' })).toThrow(/expected one of 'swish' \(SiLU\), 'relu', /);
  });

  test('a custom attention that no block would call is refused', () => {
    const attention = (x: SymbolicTensor): SymbolicTensor => x;
    expect(() => efficientNet('lite0', { attention })).toThrow(
      'efficientNet: expected a block with squeeze-and-excitation, which `attention` replaces, received only blocks with a `seRatio` of 0.',
    );
    // The first stages of V2 have none, and the later ones do.
    let calls = 0;
    efficientNet('v2-b0', { inputSize: 32, attention: (x) => (calls++, x) }).dispose();
    expect(calls).toBeGreaterThan(0);
  });
});
