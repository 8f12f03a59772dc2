// Every part through efficientNet, and a network put together by hand: weights, plan, training, saving and ONNX.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import * as tfc from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-layers';
import {
  Dataset,
  describePlan,
  efficientNet,
  fineTune,
  freeze,
  head,
  loadModel,
  loadWeights,
  planModel,
  planOf,
  saveModel,
  selectBackend,
  stage,
  stem,
  unfreeze,
  VARIANTS,
  weightsOf,
  writeSafetensors,
} from 'effnet-ts/node';
import { createRuntime, exportOnnx } from 'effnet-ts/onnx';
import { ChannelGate, convertChannelGate, parts } from './channelGates.js';

const SIZE = 64;
const lite0 = process.argv[2] as string;
await selectBackend();

const variant = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: SIZE };
const { normalization, ...others } = parts;
await lives('efficientNet with attention', () => efficientNet(variant, { classes: 3, attention: parts.attention }));
await lives('efficientNet with attention, activation and block', () => efficientNet(variant, { classes: 3, ...others }));
counts('efficientNet with normalization', await trained(efficientNet(variant, { classes: 3, normalization })));
await lives('a network put together by hand', handMade);

// The weights of the published Lite0, by name and shape.
const model = handMade();
await assert.rejects(loadWeights(model, lite0), { name: 'WeightsError', message: /Pass `strict: false` to load what fits/ });
const report = await loadWeights(model, lite0, { strict: false });
assert.equal(report.layout, 'lukemelas');
assert.deepEqual(
  report.missing.filter((weight) => !weight.includes('gate') && !weight.startsWith('own')),
  [],
);
const wanted = planOf(model).layers.filter(
  ({ name, role }) => /^(stem|block)/.test(name) && !name.endsWith('_gate') && role !== 'predictions',
);
assert.equal(report.loaded.length, wanted.flatMap(({ weights }) => weights).length);
console.log(`Lite0: ${report.loaded.length} weights loaded, ${report.missing.length} missing, ${report.unexpected.length} without a place`);
assert.throws(
  () => stage(model.inputs[0] as tf.SymbolicTensor, { name: 'a', filters: 8, repeats: 1, attention: parts.attention } as never),
  /stage\(x, spec, \{ attention \}\)/,
);
console.log('downstream: all of it works');

function handMade(): tf.LayersModel {
  const input = tf.input({ shape: [SIZE, SIZE, 3] });
  const scaled = tf.layers.rescaling({ scale: 1 / 128, offset: -127 / 128, name: 'rescaling' }).apply(input) as tf.SymbolicTensor;
  let x = stem(scaled, { activation: 'relu6' });
  for (const { spec } of planModel('lite0', { inputSize: SIZE }).stages.slice(0, 3))
    x = stage(x, { ...spec, seRatio: 0.25 }, { attention: parts.attention });
  x = stage(x, { name: 'own', repeats: 2, filters: 48, strides: 2 }, { block: parts.block });
  return tf.model({ inputs: input, outputs: head(x, { classes: 3 }), name: 'by-hand' });
}

async function trained(network: tf.LayersModel): Promise<tf.LayersModel> {
  const train = Dataset.from([1, 2]).map((seed) => ({
    xs: tfc.randomUniform([3, SIZE, SIZE, 3], 0, 255, 'float32', seed),
    ys: tfc.oneHot(tfc.tensor1d([0, 1, 2], 'int32'), 3),
  }));
  await fineTune(network, {
    train,
    stages: [{ unfreeze: 'all', epochs: 1, learningRate: 0.01, batchNorm: 'trained' }],
    preprocessing: { inputSize: SIZE, fit: 'stretch' },
  });
  return network;
}

function counts(what: string, network: tf.LayersModel): void {
  assert.equal(planOf(network).parameters.total, network.countParams());
  console.log(`${what}: ${network.countParams()} parameters`);
}

/** A model through all that a model goes through; it gives the same answers everywhere. */
async function lives(what: string, build: () => tf.LayersModel): Promise<void> {
  const network = build();
  const isGate = (layer: tf.layers.Layer): boolean => layer instanceof ChannelGate;
  const scales = async (): Promise<number[]> => [...(await (network.layers.find(isGate) as tf.layers.Layer).getWeights()[0]!.data())];
  const before = await scales();
  await trained(network);
  const after = await scales();
  assert.notDeepEqual(after, before);
  freeze(network, isGate);
  assert.equal(
    network.layers.filter(isGate).some(({ trainable }) => trainable),
    false,
  );
  unfreeze(network);
  counts(what, network);
  assert.match(describePlan(planOf(network)), /parameters/);

  const x = tfc.randomUniform([2, SIZE, SIZE, 3], 0, 255, 'float32', 5);
  const answers = async (of: tf.LayersModel): Promise<number[]> => [...(await (of.predict(x) as tfc.Tensor).data())];
  const expected = await answers(network);
  await writeFile('own.safetensors', writeSafetensors(await weightsOf(network)));
  const other = build();
  assert.deepEqual((await loadWeights(other, 'own.safetensors')).missing, []);
  assert.deepEqual(await answers(other), expected);

  await saveModel(network, 'saved');
  const again = await loadModel('saved');
  assert.deepEqual(await answers(again), expected);
  assert.deepEqual(planOf(again).parameters, planOf(network).parameters);

  await assert.rejects(exportOnnx(again), /converters/);
  const runtime = await createRuntime(await exportOnnx(again, { converters: { ChannelGate: convertChannelGate } }));
  const exported = [...(await ((await runtime.predict(x)) as tfc.Tensor).data())];
  exported.forEach((value, i) => assert.ok(Math.abs(value - (expected[i] as number)) < 1e-5, `${value} and ${expected[i]}`));
  await runtime.dispose();
  await rm('saved', { recursive: true });
}
