import { expect, test } from 'vitest';
import { planModel, VARIANTS, type Variant } from '../../../src/scaling/index.js';
import { transformersNetwork } from '../../../src/weights/hub/transformersNetwork.js';

const network = (content: Readonly<Record<string, unknown>>, inputSize?: readonly [number, number]) =>
  transformersNetwork({ where: 'pretrained', name: "config.json of 'owner/name'", content: { ...BASE, ...content } }, inputSize);

const BASE = { model_type: 'efficientnet', architectures: ['EfficientNetForImageClassification'] };

// `config.json` of google/efficientnet-b0 to -b7, as transformers' conversion script writes them (convert_efficientnet_to_pytorch.py).
const GOOGLE: readonly (readonly [Variant, number, number, number, number, number, readonly number[]])[] = [
  ['b0', 1280, 1.0, 1.0, 224, 0.2, []],
  ['b1', 1280, 1.0, 1.1, 240, 0.2, [16]],
  ['b2', 1408, 1.1, 1.2, 260, 0.3, [5, 8, 16]],
  ['b3', 1536, 1.2, 1.4, 300, 0.3, [5, 18]],
  ['b4', 1792, 1.4, 1.8, 380, 0.4, [6]],
  ['b5', 2048, 1.6, 2.2, 456, 0.4, [13, 27]],
  ['b6', 2304, 1.8, 2.6, 528, 0.5, [31]],
  ['b7', 2560, 2.0, 3.1, 600, 0.5, [18]],
];

test.each(GOOGLE)('the configuration of %s is the published variant', (variant, hidden, width, depth, size, dropout, padding) => {
  const content = {
    hidden_dim: hidden,
    width_coefficient: width,
    depth_coefficient: depth,
    image_size: size,
    dropout_rate: dropout,
    depthwise_padding: padding,
    id2label: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, `class ${i}`])),
  };
  const { variant: found, options, classNames } = network(content);
  expect(found).toBe(variant);
  expect(planModel(found, options)).toEqual(planModel(variant));
  expect(classNames?.[999]).toBe('class 999');
});

test('without keys, the network is that of transformers: B7 with two classes', () => {
  const { variant, options, classNames } = network({ depthwise_padding: [18] });
  expect([variant, options.classes, classNames]).toEqual(['b7', 2, undefined]);
});

test('at another size, blocks with symmetric padding keep it', () => {
  const b2 = { hidden_dim: 1408, width_coefficient: 1.1, depth_coefficient: 1.2, image_size: 260, depthwise_padding: [5, 8, 16] };
  expect(network(b2).variant).toBe('b2');
  const { variant } = network(b2, [224, 224]);
  expect(planModel(variant).stages.map(({ blocks }) => blocks[0]?.spec.padding)).toEqual([
    'same',
    'same',
    'symmetric',
    'symmetric',
    'same',
    'symmetric',
    'same',
  ]);
  expect(variant).toMatchObject({ widthCoefficient: VARIANTS.b2.widthCoefficient, stages: { length: 7 } });
});

const B0 = { hidden_dim: 1280, width_coefficient: 1, depth_coefficient: 1, image_size: 224 };

test.each<[Readonly<Record<string, unknown>>, string]>([
  [{ problem_type: 'multi_label_classification' }, 'sigmoid'],
  [{ problem_type: 'regression' }, 'linear'],
  [{ id2label: { 0: 'cat' } }, 'sigmoid'],
  [{ id2label: { 0: 'cat', 1: 'dog' } }, 'softmax'],
])('%j gives the activation %s', (content, activation) => {
  expect(network({ ...B0, ...content }).options.classifierActivation).toBe(activation);
});

test.each<[Readonly<Record<string, unknown>>, (readonly [number, number])?]>([
  [{ architectures: ['EfficientNetForSemanticSegmentation'] }],
  [{ architectures: undefined }],
  [{ hidden_act: 'leaky_relu' }],
  [{ hidden_act: 'gelu' }],
  [{ depth_divisor: 16 }],
  [{ hidden_dim: 1536 }],
  [{ in_channels: [32, 16, 24, 40, 80, 80, 192] }],
  [{ in_channels: [40, 16, 24, 40, 80, 112, 192] }],
  [{ kernel_sizes: [3, 3] }],
  [{ kernel_sizes: [3, 3, 5, 4, 5, 5, 3] }],
  [{ strides: [1, 2, 2, 3, 1, 2, 1] }],
  [{ squeeze_expansion_ratio: 0 }],
  [{ pooling_type: 'max' }],
  [{ dropout_rate: 1 }],
  [{ num_block_repeats: 'many' }],
  [{ id2label: { 0: 'cat', 2: 'dog' } }],
  [{ id2label: ['cat', 'dog'] }],
  [
    {
      out_channels: [32, 24, 40, 80, 112, 192, 320],
      in_channels: [32, 32, 24, 40, 80, 112, 192],
      num_block_repeats: [2, 2, 2, 3, 3, 4, 1],
    },
  ],
  [{ image_size: 225 }],
  [{}, [240, 240]],
  [{}, [224, 240]],
])('%j is refused', (content, inputSize) => {
  expect(() => network({ ...B0, ...content }, inputSize)).toThrowErrorMatchingSnapshot();
});
