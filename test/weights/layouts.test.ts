import { expect, test } from 'vitest';
import { planModel, VARIANTS, type ModelPlan, type Variant, type VariantSpec } from '../../src/scaling/index.js';
import { layoutEntries } from '../../src/weights/layouts.js';
import { readTorchGolden, TIMM_TEST } from '../support/golden.js';

const byName = (a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number => (a[0] < b[0] ? -1 : 1);

test.each<[string, Variant | VariantSpec]>([
  ['lukemelas-efficientnet-b0', 'b0'],
  ['timm-efficientnet_b0', 'b0'],
  ['timm-tf_efficientnet_b0', 'b0'],
  ['timm-tf_efficientnet_lite0', 'lite0'],
  ['timm-tf_efficientnetv2_b0', 'v2-b0'],
  ['timm-test_efficientnet', TIMM_TEST],
  ['torchvision-efficientnet_b0', 'b0'],
])('%s has the names and shapes of its library', (file, variant) => {
  const golden = readTorchGolden(file);
  const entries = layoutEntries(golden.layout, planModel(variant));
  expect(entries.map(({ array, fileShape }) => [array, fileShape] as const).sort(byName)).toEqual(
    golden.tensors.filter(([name]) => !name.endsWith('num_batches_tracked')).toSorted(byName),
  );
});

test.each(['keras', 'qubvel', 'timm', 'torchvision', 'lukemelas', 'tf1', 'transformers'] as const)(
  '%s names every weight of every network once',
  (layout) => {
    for (const variant of Object.keys(VARIANTS) as Variant[]) {
      const plan: ModelPlan = planModel(variant);
      const entries = layoutEntries(layout, plan);
      expect(entries.map(({ weight }) => weight)).toEqual(plan.layers.flatMap(({ weights }) => weights.map(({ name }) => name)));
      expect(new Set(entries.map(({ array }) => array)).size, variant).toBe(entries.length);
    }
  },
);

// Names as lukemelas/EfficientNet-PyTorch tf_to_pytorch/convert_tf_to_pt/load_tf_weights.py asks a checkpoint for them.
test('tf1 numbers the layers of a class within each block', () => {
  const arrays = new Map(layoutEntries('tf1', planModel('b0')).map(({ weight, array }) => [weight, array]));
  expect(
    [
      'stem_conv/kernel',
      'stem_bn/gamma',
      'block1a_dwconv/depthwise_kernel',
      'block1a_bn/beta',
      'block1a_se_reduce/kernel',
      'block1a_project_conv/kernel',
      'block1a_project_bn/gamma',
      'block2a_expand_conv/kernel',
      'block2a_expand_bn/gamma',
      'block2a_bn/moving_mean',
      'block2a_se_expand/bias',
      'block2a_project_conv/kernel',
      'block2a_project_bn/moving_variance',
      'top_conv/kernel',
      'top_bn/beta',
      'predictions/bias',
    ].map((weight) => arrays.get(weight)),
  ).toEqual([
    'stem/conv2d/kernel',
    'stem/tpu_batch_normalization/gamma',
    'blocks_0/depthwise_conv2d/depthwise_kernel',
    'blocks_0/tpu_batch_normalization/beta',
    'blocks_0/se/conv2d/kernel',
    'blocks_0/conv2d/kernel',
    'blocks_0/tpu_batch_normalization_1/gamma',
    'blocks_1/conv2d/kernel',
    'blocks_1/tpu_batch_normalization/gamma',
    'blocks_1/tpu_batch_normalization_1/moving_mean',
    'blocks_1/se/conv2d_1/bias',
    'blocks_1/conv2d_1/kernel',
    'blocks_1/tpu_batch_normalization_2/moving_variance',
    'head/conv2d/kernel',
    'head/tpu_batch_normalization/beta',
    'head/dense/bias',
  ]);
});

test('transformers has its classifier beside the backbone, and no prefix without one', () => {
  const names = (options: { readonly includeTop?: false }) =>
    layoutEntries('transformers', planModel('b0', options as object)).map(({ array }) => array);
  expect(names({}).slice(-3)).toEqual(['efficientnet.encoder.top_bn.running_var', 'classifier.weight', 'classifier.bias']);
  expect(names({ includeTop: false })).toEqual(
    names({})
      .slice(0, -2)
      .map((name) => name.replace('efficientnet.', '')),
  );
});
