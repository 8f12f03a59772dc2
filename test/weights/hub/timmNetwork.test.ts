import { expect, test } from 'vitest';
import type { JsonFile } from '../../../src/weights/hub/hubFiles.js';
import { timmInput, timmNetwork, timmVariant } from '../../../src/weights/hub/timmNetwork.js';

const config = (changes: Readonly<Record<string, unknown>> = {}, pretrained: Readonly<Record<string, unknown>> = {}): JsonFile => ({
  where: 'pretrained',
  name: "config.json of 'owner/name'",
  content: {
    architecture: 'efficientnet_b0',
    num_classes: 3,
    global_pool: 'avg',
    pretrained_cfg: { ...PRETRAINED, ...pretrained },
    ...changes,
  },
});

const PRETRAINED = {
  input_size: [3, 224, 224],
  interpolation: 'bicubic',
  crop_pct: 0.875,
  crop_mode: 'center',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

test.each([
  ['efficientnet_b0', 'b0', false],
  ['tf_efficientnet_b8', 'b8', true],
  ['tf_efficientnet_l2', 'l2', true],
  ['tf_efficientnet_lite4', 'lite4', true],
  ['efficientnet_es', 'edgetpu-s', false],
  ['efficientnetv2_s', 'v2-s', false],
  ['tf_efficientnetv2_b3', 'v2-b3', true],
] as const)('%s is %s', (architecture, variant, isPorted) => {
  expect(timmVariant(architecture)).toEqual([variant, isPorted]);
});

test.each([
  'resnet50',
  'efficientnet_b0_gn',
  'efficientnet_es_pruned',
  'efficientnetv2_b0',
  'efficientnetv2_rw_s',
  'efficientnet_constructor',
  '',
])("'%s' is no variant", (architecture) => {
  expect(timmVariant(architecture)).toBeUndefined();
});

test('ported networks pad like TensorFlow and have its epsilon', () => {
  expect(timmNetwork(config(), ['b0', true]).options).toMatchObject({
    padding: 'same',
    batchNormEpsilon: 1e-3,
    classes: 3,
    inputSize: 224,
  });
  expect(timmNetwork(config(), ['b0', false]).options).toMatchObject({ padding: 'symmetric', batchNormEpsilon: 1e-5 });
});

test('arguments of the network are obeyed', () => {
  const args = { drop_rate: 0.1, drop_path_rate: 0.3, act_layer: 'relu', pad_type: 'same', bn_eps: 1e-3, in_chans: 1 };
  expect(timmNetwork(config({ model_args: args }), ['b0', false]).options).toMatchObject({
    dropoutRate: 0.1,
    dropConnectRate: 0.3,
    activation: 'relu',
    padding: 'same',
    batchNormEpsilon: 1e-3,
    inputChannels: 1,
  });
});

test('class names are a list, or an object by index', () => {
  const names = (labels: unknown) => timmNetwork(config({ label_names: labels }), ['b0', false]).classNames;
  expect(names(['cat', 'dog', 'horse'])).toEqual(['cat', 'dog', 'horse']);
  expect(names({ 0: 'cat', 1: 'dog', 2: 'horse' })).toEqual(['cat', 'dog', 'horse']);
  expect(names(undefined)).toBeUndefined();
});

test('older files have all keys beside the architecture', () => {
  const old: JsonFile = {
    ...config(),
    content: { architecture: 'efficientnet_b0', num_classes: 2, labels: ['cat', 'dog'], ...PRETRAINED },
  };
  expect(timmNetwork(old, ['b0', false])).toMatchObject({ classNames: ['cat', 'dog'], options: { inputSize: 224, classes: 2 } });
  expect(timmInput(old)?.normalization).toBe('imagenet');
});

test('without classes, the network returns pooled features', () => {
  expect(timmNetwork(config({ num_classes: 0 }), ['b0', false]).options).toMatchObject({ includeTop: false, pooling: 'avg' });
  expect(timmNetwork(config({ num_classes: 0, global_pool: 'max' }), ['b0', false]).options).toMatchObject({ pooling: 'max' });
});

test.each<[Readonly<Record<string, unknown>>, object]>([
  [{ crop_pct: 0.9 }, { inputSize: 224, fit: 'resizeCrop', cropFraction: 0.9, margins: 'even', resampler: 'pillow' }],
  [
    { crop_mode: 'squash', interpolation: 'bilinear' },
    { fit: 'stretch', interpolation: 'bilinear' },
  ],
  [
    { crop_mode: 'border', mean: [0.3, 0.5, 0.1] },
    { fit: 'resizePad', fillValue: [76, 128, 26] },
  ],
  [{ input_size: [3, 64, 96] }, { inputSize: [64, 96] }],
])('%j is the preprocessing %j', (pretrained, preprocessing) => {
  expect(timmInput(config({}, pretrained))?.preprocessing).toMatchObject(preprocessing);
});

test.each<[Readonly<Record<string, unknown>>]>([
  [{ model_args: { se_layer: 'eca' } }],
  [{ model_args: { act_layer: 'mish' } }],
  [{ global_pool: 'catavgmax' }],
  [{ num_classes: 'three' }],
  [{ label_names: ['cat'] }],
  [{ label_names: [1, 2, 3] }],
  [{ pretrained_cfg: [] }],
])('%j is refused', (changes) => {
  expect(() => timmNetwork(config(changes), ['b0', false])).toThrowErrorMatchingSnapshot();
});

test.each<[Readonly<Record<string, unknown>>]>([
  [{ interpolation: 'random' }],
  [{ interpolation: 'lanczos' }],
  [{ crop_pct: 1.2 }],
  [{ crop_mode: 'corner' }],
  [{ std: [0, 1, 1] }],
  [{ mean: [0.5] }],
])('the preprocessing %j is refused', (pretrained) => {
  expect(() => timmInput(config({}, pretrained))).toThrowErrorMatchingSnapshot();
});
