import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { head, mbConv, stage, stem } from '../../src/layers/index.js';
import { modelSummary, summaryTable } from '../../src/models/index.js';
import { efficientNet } from '../../src/models/index.js';
import { planModel, VARIANTS } from '../../src/scaling/index.js';
import { freeze, trainableSummary } from '../../src/training/index.js';

beforeAll(() => tf.setBackend('cpu'));
const tiny = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 };

test.each(['b0', 'lite0'] as const)("%s: parameters and multiply-adds are the plan's, stage by stage", (variant) => {
  const model = efficientNet(variant);
  const plan = planModel(variant);
  const { stages, total } = modelSummary(model);
  expect(total).toMatchObject({ parameters: plan.parameters.total, trainable: plan.parameters.trainable, multiplyAdds: plan.multiplyAdds });
  expect(stages.map(({ name }) => name)).toEqual(['input', 'stem', ...plan.stages.map(({ name }) => name), 'top', 'head']);
  const second = plan.stages[1]!;
  expect(stages[3]).toMatchObject({
    outputShape: [null, ...second.blocks.at(-1)!.outputShape],
    parameters: second.blocks.reduce((sum, block) => sum + block.parameters.total, 0),
    multiplyAdds: second.blocks.reduce((sum, block) => sum + block.multiplyAdds!, 0),
  });
  model.dispose();
});

test('what is frozen does not count as trainable, and memory grows with the batch', () => {
  const model = efficientNet(tiny, { classes: 3, inputSize: 64 });
  for (const layer of model.layers) layer.trainable = layer.name === 'predictions';
  const one = modelSummary(model).total;
  expect(one.trainable).toBe(3 * model.getLayer('predictions').weights[0]!.shape[0]! + 3);
  expect(modelSummary(model, { batchSize: 32 }).total.activationBytes).toBe(32 * one.activationBytes!);
  model.dispose();
});

test('while the input size is open, so are work and memory', () => {
  const model = efficientNet(tiny, { inputSize: null, classes: 3 });
  expect(modelSummary(model).total).toMatchObject({ multiplyAdds: null, activationBytes: null });
  expect(summaryTable(modelSummary(model))).toContain('size-dependent');
  model.dispose();
});

test('the memory of activations is that of all outputs as float32', () => {
  const input = tfl.input({ shape: [4, 4, 1] });
  const conv = tfl.layers.conv2d({ filters: 2, kernelSize: 3, name: 'conv' }).apply(input);
  const flat = tfl.layers.flatten({ name: 'flat' }).apply(conv);
  const model = tfl.model({
    inputs: input,
    outputs: tfl.layers.dense({ units: 3, name: 'last' }).apply(flat) as tfl.SymbolicTensor,
    name: 'mine',
  });
  const { total } = modelSummary(model, { batchSize: 2 });
  expect(total).toEqual({ layers: 4, parameters: 20 + 27, trainable: 47, multiplyAdds: 4 * 18 + 24, activationBytes: 2 * 4 * (8 + 8 + 3) });
  expect(`\n${summaryTable(modelSummary(model, { batchSize: 2 }))}\n`).toMatchInlineSnapshot(`
    "
    mine
    stage  layers     output  parameters  trainable  multiply-adds  activations at 2
    input       1  4 x 4 x 1           0          0              0           0.0 MiB
    conv        1  2 x 2 x 2          20         20             72           0.0 MiB
    flat        1          8           0          0              0           0.0 MiB
    last        1          3          27         27             24           0.0 MiB
    total       4                     47         47             96           0.0 MiB
    "
  `);
  model.dispose();
});

test('stages of a network put together by hand have the names of its blocks, once each, as when they are frozen', () => {
  const input = tfl.input({ shape: [32, 32, 3], name: 'input_layer' });
  const features = mbConv(stage(stem(input), { name: 'block1', repeats: 1, filters: 8 }), { name: 'mine', filters: 8 });
  const squeezed = tfl.layers.conv2d({ name: 'squeeze', filters: 4, kernelSize: 1 }).apply(features) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: head(squeezed, { classes: 2, dropoutRate: 0.2 }) });
  const { stages } = modelSummary(model);
  expect(stages.map(({ name }) => name)).toEqual(['input', 'stem', 'block1', 'mine', 'squeeze', 'head']);
  const counted = stages.filter(({ parameters }) => parameters > 0).map(({ name, trainable }) => ({ name, trainable }));
  expect(trainableSummary(model).stages.map(({ name, trainable }) => ({ name, trainable }))).toEqual(counted);
  for (const { name } of counted) {
    freeze(model, [name]);
    expect(modelSummary(model).stages.find((each) => each.name === name)?.trainable).toBe(0);
  }
  expect(trainableSummary(model).trainable).toBe(0);
  model.dispose();
});

test('a runtime has no summary', () => {
  expect(() => modelSummary({ predict: () => undefined } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: modelSummary: expected a tf.LayersModel for \`model\`, received { predict }.]`,
  );
});
