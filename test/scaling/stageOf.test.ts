import { expect, test } from 'vitest';
import { stageOf } from '../../src/scaling/internal.js';
import { planModel, VARIANTS, type Variant } from '../../src/scaling/index.js';

test.each(Object.keys(VARIANTS) as Variant[])('the layers of %s belong to the stages of its plan', (variant) => {
  const plan = planModel(variant);
  for (const { name, blocks } of plan.stages)
    for (const layer of blocks.flatMap(({ layers }) => layers)) expect([layer.name, stageOf(layer.name)]).toEqual([layer.name, name]);
  expect([...new Set(plan.layers.map(({ name }) => stageOf(name)))].filter((name) => !/^block\d+$/.test(name))).toEqual(
    expect.arrayContaining(['stem', 'top', 'head']),
  );
});

test.each([
  ['input_layer', 'input'],
  ['input1', 'input'],
  ['rescaling', 'input'],
  ['stem_conv', 'stem'],
  ['block12aa_dwconv_pad', 'block12'],
  ['top_dropout', 'head'],
  ['avg_pool', 'head'],
  ['hidden1', 'head'],
  ['mine_expand_conv', 'mine'],
  ['mine_se_reduce', 'mine'],
  ['conv2d_3', 'conv2d_3'],
  ['dense_Dense1', 'dense_Dense1'],
  ['flatten', 'flatten'],
])('%s belongs to %s', (layer, stage) => {
  expect(stageOf(layer)).toBe(stage);
});
