import { describe, expect, test } from 'vitest';
import keras from '../fixtures/scaling/multiply_adds.json' with { type: 'json' };
import { describePlan, planFusedMBConv, planMBConv, planModel, planStage, VARIANTS, type Variant } from '../../src/scaling/index.js';

// What Keras prints, the 7 scalars of its normalization layer included; B8 and L2 computed for the same layout.
const KERAS_PARAMETERS: Partial<Record<Variant, number>> = {
  b0: 5_330_571,
  b1: 7_856_239,
  b2: 9_177_569,
  b3: 12_320_535,
  b4: 19_466_823,
  b5: 30_562_527,
  b6: 43_265_143,
  b7: 66_658_687,
  b8: 87_793_181,
  l2: 481_400_003,
};
// Trainable parameters as timm and torchvision publish them.
const TRAINABLE: Partial<Record<Variant, number>> = {
  lite0: 4_652_008,
  lite1: 5_416_680,
  lite2: 6_092_072,
  lite3: 8_197_096,
  lite4: 13_006_568,
  'v2-b0': 7_139_704,
  'v2-b1': 8_141_052,
  'v2-b2': 10_096_086,
  'v2-b3': 14_358_406,
  'v2-s': 21_458_488,
  'v2-m': 54_139_356,
  'v2-l': 118_515_272,
  'v2-xl': 208_119_808,
  'edgetpu-s': 5_438_392,
  'edgetpu-m': 6_899_496,
  'edgetpu-l': 10_589_712,
};
const PAPER_BILLIONS = { b0: 0.39, b1: 0.7, b2: 1.0, b3: 1.8, b4: 4.2, b5: 9.9, b6: 19, b7: 37 } as const;
const entries = <T>(record: Partial<Record<Variant, T>>): [Variant, T][] => Object.entries(record) as [Variant, T][];

describe('parameters', () => {
  test.each(entries(KERAS_PARAMETERS))("%s has Keras' %i parameters less the 7 of its normalization", (variant, parameters) => {
    expect(planModel(variant).parameters.total).toBe(parameters - 7);
  });

  test.each(entries(TRAINABLE))('%s has %i trainable parameters', (variant, parameters) => {
    expect(planModel(variant).parameters.trainable).toBe(parameters);
  });

  test("a B0 for 101 classes has 4,178,952 in Keras' count, 129,381 of them in the head", () => {
    const plan = planModel('b0', { classes: 101 });
    expect(plan.parameters.total + 7).toBe(4_178_952);
    expect(plan.parameters.total - planModel('b0', { includeTop: false }).parameters.total).toBe(129_381);
  });
});

describe('multiply-adds', () => {
  test.each(Object.entries(keras.models))('%s has the multiply-adds of its Keras layers', (variant, { multiplyAdds }) => {
    expect(planModel(variant as Variant).multiplyAdds).toBe(multiplyAdds);
  });

  test.each(Object.entries(PAPER_BILLIONS))('%s has about the %f billion multiply-adds of the paper', (variant, billions) => {
    const ratio = planModel(variant as Variant).multiplyAdds! / 1e9 / billions;
    expect(ratio).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThan(1.05);
  });

  test('they are null if the input size is null', () => {
    const plan = planModel('b0', { inputSize: null });
    expect(plan.multiplyAdds).toBeNull();
    expect(plan.parameters.total).toBe(planModel('b0').parameters.total);
  });
});

describe('every variant', () => {
  const variants = Object.keys(VARIANTS) as Variant[];

  test.each(variants)('%s has stochastic depth rates that rise linearly and stay below the maximum', (variant) => {
    const rates = planModel(variant)
      .stages.flatMap((stage) => stage.blocks)
      .map((block) => block.spec.dropRate);
    const steps = rates.slice(1).map((rate, i) => rate - rates[i]!);
    expect(rates[0]).toBe(0);
    expect(Math.max(...rates)).toBeLessThan(0.2);
    for (const step of steps) expect(step).toBeCloseTo(0.2 / rates.length, 12);
  });

  test.each(variants)('%s gives every layer a unique name that TensorFlow.js accepts', (variant) => {
    const names = planModel(variant).layers.map((layer) => layer.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9][-A-Za-z0-9._/]*$/);
  });

  test.each(variants)('%s halves its input five times', (variant) => {
    const { inputShape, reductions } = planModel(variant);
    let size = inputShape[0]!;
    expect(reductions).toHaveLength(5);
    for (const reduction of reductions) expect(reduction.shape[0]).toBe((size = Math.ceil(size / 2)));
  });
});

test('block names continue after z', () => {
  const { blocks } = planModel('v2-xl').stages.at(-2)!;
  expect(blocks.map((block) => block.name).slice(-7)).toEqual([
    'block6z',
    'block6aa',
    'block6ab',
    'block6ac',
    'block6ad',
    'block6ae',
    'block6af',
  ]);
});

test("squeeze-and-excitation filters are a fraction of the block's input filters, not of the expanded ones", () => {
  expect(planMBConv([56, 56, 24], { name: 'x', filters: 24 }).seFilters).toBe(6);
  expect(planMBConv([56, 56, 2], { name: 'x', filters: 2 }).seFilters).toBe(1);
  expect(planMBConv([56, 56, 24], { name: 'x', filters: 24, seRatio: 0 }).seFilters).toBe(0);
});

test('a fused block with expandRatio 1 is a single convolution', () => {
  const block = planFusedMBConv([56, 56, 24], { name: 'x', filters: 24, expandRatio: 1, seRatio: 0 });
  expect(block.layers.map((layer) => layer.name)).toEqual(['x_project_conv', 'x_project_bn']);
  expect(block.layers[0]!.kernelSize).toBe(3);
});

test('a custom spec with custom stages is planned like a published one', () => {
  const plan = planModel(
    { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64, stages: VARIANTS.b0.stages.slice(0, 3) },
    { classes: 5 },
  );
  expect(plan.name).toBe('efficientnet');
  expect(plan.stages).toHaveLength(3);
  expect(plan.top[0].inputShape).toEqual([8, 8, 8]);
});

test('pooling: null is accepted with a classifier', () => {
  expect(planModel('b0', { pooling: null })).toEqual(planModel('b0'));
});

test('a plan is printed as a table with totals', () => {
  const text = describePlan(planModel('b0'));
  expect(text).toContain('block6d      mbConv      5x5       1       6      192  48  0.1750');
  expect(text).toContain('5,330,564 parameters (5,288,548 trainable, 42,016 moving statistics), 385,814,752 multiply-adds per image.');
  expect(text).toContain('Keras counts 7 parameters more');
});

test.each([
  [() => planModel('b9' as 'b8'), /planModel: expected one of 'b0', .*'edgetpu-l' for `variant`, received 'b9'\./],
  [() => planModel('b0', { clases: 3 } as never), /expected one of the options `activation`, .* received `clases`\./],
  [() => planModel('b0', { classes: 0 }), 'planModel: expected a positive integer for `classes`, received 0.'],
  [
    () => planModel('b0', { inputSize: 16 }),
    'planModel: expected an input of at least 32 x 32 pixels, received [16, 16]. Use a larger `inputSize`: the strides of the network halve it several times.',
  ],
  [() => planModel('b0', { dropoutRate: 1 }), 'planModel: expected a number in [0, 1) for `dropoutRate`, received 1.'],
  [
    () => planModel('b0', { includeTop: false, classes: 3 } as never),
    'planModel: `classes` cannot be used with includeTop: false. It belongs to the classifier.',
  ],
  [
    () => planModel('b0', { pooling: 'max' } as never),
    'planModel: `pooling` cannot be used with includeTop: true. The classifier always uses average pooling. Pass includeTop: false for another.',
  ],
  [
    () => planModel('b0', { inputChannels: 1 }),
    "planModel: expected { mean, std } for 1 channels for `normalization`, received 'imagenet'. ImageNet's statistics are those of RGB.",
  ],
  [
    () => planModel('b0', { normalization: { mean: [0.5, 0.5], std: 0.5 } }),
    'planModel: expected one number or 3 for `normalization.mean`, received [0.5, 0.5].',
  ],
  [() => planModel({ ...VARIANTS.b0, stages: [] }), 'planModel: expected at least one stage for `stages`, received [].'],
  [
    () => planModel('b0', { normalization: { mean: undefined, std: 0.5 } as never }),
    'planModel: expected a finite number or an array, each a finite number for `normalization.mean`, received undefined.',
  ],
  [
    () => planModel('b0', { normalization: { mean: 0.5, std: 0.5, max: 1 } as never }),
    'planModel: expected one of the options `normalization.mean`, `normalization.std`, received `normalization.max`.',
  ],
  [
    () => planModel({ ...VARIANTS.b0, normalization: { mean: 127, std: 128 } }),
    'planModel: expected numbers of at most 1, of pixels divided by 255 for `normalization.mean`, received 127. Divide mean and std by 255.',
  ],
  [
    () => planModel({ ...VARIANTS.b0, stages: [{ ...VARIANTS.b0.stages[0]!, serRatio: 0.25 } as never] }),
    /^planModel: expected one of the options `stages\[0\]\.block`, .* received `stages\[0\]\.serRatio`\. Did you mean `stages\[0\]\.seRatio`\?$/,
  ],
  [
    () => planModel({ ...VARIANTS.b0, stages: [...VARIANTS.b0.stages, { filters: 8 } as never] }),
    'planModel: expected a positive integer for `stages[7].repeats`, received undefined.',
  ],
  [() => planModel({ ...VARIANTS.b0, stages: [null as never] }), 'planModel: expected an object for `stages[0]`, received null.'],
  [
    () => planStage([8, 8, 16], { name: 'x', repeats: 2, filters: 16, dropRate: 0.1 } as never),
    /^planStage: expected one of the options .*`dropRates`, received `dropRate`\. Did you mean `dropRates`\?$/,
  ],
  [
    () => planStage([8, 8, 16], { name: 'x', repeats: 2, filters: 16, dropRates: [0.1] }),
    'planStage: expected 2 rates, one per block for `dropRates`, received [0.1].',
  ],
  [
    () => describePlan({ name: 'model', layers: [], inputShape: [32, 32, 3] } as never),
    'describePlan: expected a plan, as `planModel` and `planOf` return it, for `plan`, received { name, layers, inputShape }.',
  ],
  [
    () => planMBConv([8, 8, 4], { name: 'x', filters: 16, expandRatio: 0.01 }),
    'planMBConv: expected a ratio that leaves at least one filter for `expandRatio`, received 0.01.',
  ],
  [
    () => planMBConv([8, 8, 16], { name: 'x', filters: 16, kernelSize: 4 }),
    'planMBConv: expected a positive odd integer for `kernelSize`, received 4.',
  ],
])('%s is refused in one sentence', (act, message) => {
  expect(act).toThrow(message);
});
