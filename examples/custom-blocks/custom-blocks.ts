// Question: how do I build on the blocks: attention, a layer class and a stage of my own, real weights in the rest, and an ONNX file at the
// end? Command:  npm run example:custom-blocks
// Expect:   a network of Lite0's blocks with own attention and an own stage that learns the clothes, and gives the same answers after
// saving, loading
//           and exporting; a head on three feature maps of Lite0.
// Minutes:  about one, without a GPU.

import path from 'node:path';
import { parseArgs } from 'node:util';
import * as tfc from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-layers';
import {
  adam,
  convNormAct,
  efficientNet,
  evaluate,
  featureExtractor,
  fineTune,
  freeze,
  head,
  imageBatches,
  imageFolder,
  loadModel,
  loadWeights,
  mbConv,
  planModel,
  planOf,
  saveModel,
  selectBackend,
  stage,
  stem,
  trainableSummary,
  type BlockParts,
  type ImageSet,
} from 'effnet-ts/node';
import { createRuntime, exportOnnx, type OnnxConverter } from 'effnet-ts/onnx';

const DATA = path.join(import.meta.dirname, '..', 'data');
const LITE0 = path.join(DATA, 'weights', 'efficientnet-lite0.safetensors');
const SIZE = 64;
/** Of the clothes, in training and in validation: `--pictures 60` for a look. */
const PICTURES = Number(parseArgs({ options: { pictures: { type: 'string', default: '600' } } }).values.pictures);
/** The training is short: with the usual 0.99, the moving statistics would hardly move. */
const MOMENTUM = 0.9;

await selectBackend();
const train = await imageFolder(path.join(DATA, 'clothing', 'train'), { inputSize: SIZE, seed: 1 });
const { classNames } = train;
const validation = await imageFolder(path.join(DATA, 'clothing', 'validation'), { inputSize: SIZE, shuffle: false, classNames });

/**
 * A layer class of your own: a weight for each channel, computed from the means of the neighboring channels. Its kernel starts at zero,
 * where the layer passes its input on, so that pretrained weights around it keep their meaning.
 *
 * @see ECA-Net, arXiv 1910.03151, section 3.2
 */
class ChannelAttention extends tf.layers.Layer {
  static readonly className = 'ChannelAttention';
  private kernel!: ReturnType<tf.layers.Layer['addWeight']>;

  override build(inputShape: tf.Shape): void {
    this.kernel = this.addWeight('kernel', [3], 'float32', tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tfc.Tensor | tfc.Tensor[]): tfc.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tfc.Tensor4D;
    return tfc.tidy(() => {
      const channels = x.shape[3];
      const means = tfc.pad(tfc.mean(x, [1, 2]), [
        [0, 0],
        [1, 1],
      ]);
      const weighted = [0, 1, 2].map((i) => tfc.mul(tfc.slice(means, [0, i], [-1, channels]), tfc.slice(this.kernel.read(), [i], [1])));
      const gate = tfc.mul(2, tfc.sigmoid(tfc.addN(weighted)));
      return tfc.mul(x, tfc.reshape(gate, [-1, 1, 1, channels]));
    });
  }
}
// By this name, saved models find the class again.
tfc.serialization.registerClass(ChannelAttention);

/** The same layer as operators of ONNX. Feature maps are `[batch, channels, height, width]` there. */
const convertAttention: OnnxConverter = ({ name, inputs, weights, node, constant }) => {
  const [x, kernel] = [inputs[0], weights.get('kernel')];
  if (x === undefined || kernel === undefined) throw new Error(`'${name}' has no input or no kernel`);
  const ints = (suffix: string, ...values: number[]): string =>
    constant(`${name}/${suffix}`, [values.length], BigInt64Array.from(values, BigInt));
  const means = node('ReduceMean', `${name}/means`, [x.tensor], { axes: [2, 3], keepdims: 0 });
  const row = node('Unsqueeze', `${name}/row`, [means, ints('row_axis', 1)]);
  const weighted = node('Conv', `${name}/conv`, [row, constant(`${name}/kernel`, [1, 1, 3], kernel.values)], { pads: [1, 1] });
  const gate = node('Mul', `${name}/gate`, [
    node('Sigmoid', `${name}/sigmoid`, [weighted]),
    constant(`${name}/two`, [], Float32Array.of(2)),
  ]);
  return node('Mul', name, [x.tensor, node('Reshape', `${name}/spread`, [gate, ints('shape', 0, -1, 1, 1)])]);
};

/** Attention in place of squeeze-and-excitation: a function from a feature map to one of the same shape. Names begin with the block's. */
const attention: NonNullable<BlockParts['attention']> = (x, { name }) =>
  new ChannelAttention({ name: `${name}_attention` }).apply(x) as tf.SymbolicTensor;

/** A stage of your own: the output of a block, multiplied by a gate. */
function gatedStage(x: tf.SymbolicTensor, name: string, filters: number): tf.SymbolicTensor {
  const value = mbConv(x, { name: `${name}_value`, filters, batchNormMomentum: MOMENTUM }, { attention, seed: 1 });
  const linear = convNormAct(
    x,
    { name: `${name}_gate`, filters, kernelSize: 1, activation: 'linear', batchNormMomentum: MOMENTUM },
    { seed: 2 },
  );
  const gate = tf.layers.activation({ activation: 'sigmoid', name: `${name}_gate_sigmoid` }).apply(linear) as tf.SymbolicTensor;
  return tf.layers.multiply({ name: `${name}_product` }).apply([value, gate]) as tf.SymbolicTensor;
}

// 1. The blocks of Lite0 with that attention, and the own stage in place of its last one.
const plan = planModel('lite0', { inputSize: SIZE });
const input = tf.input({ shape: [SIZE, SIZE, 3] });
const scaled = tf.layers.rescaling({ scale: 1 / 128, offset: -127 / 128, name: 'rescaling' }).apply(input) as tf.SymbolicTensor;
let features = stem(scaled, { activation: plan.activation });
for (const { spec } of plan.stages.slice(0, -1)) features = stage(features, { ...spec, seRatio: 0.25 }, { attention });
features = gatedStage(features, 'own', 256);
const network = tf.model({ inputs: input, outputs: head(features, { classes: classNames.length }, { seed: 3 }), name: 'gated-lite0' });

// Weights fit by name and shape. The report lists what the file does not have, and what the network does not take.
const report = await loadWeights(network, LITE0, { strict: false });
const { parameters, layers } = planOf(network);
console.log(
  `${report.loaded.length} weights of Lite0 loaded; ` +
    `${report.missing.length} of the network's ${layers.flatMap(({ weights }) => weights).length} are its own; ` +
    `${parameters.total} parameters`,
);
await learn("an own stage and head on Lite0's blocks", network, ['own', 'predictions'], 'trained');

// It is saved, loaded and exported as any other model, and gives the same answers everywhere.
const folder = path.join('runs', 'custom-blocks');
await saveModel(network, folder);
const again = await loadModel(folder);
const runtime = await createRuntime(await exportOnnx(again, { converters: { ChannelAttention: convertAttention } }));
let [reloaded, exported] = [0, 0];
for await (const { xs, ys } of imageBatches(validation.images.take(32))) {
  const expected = network.predict(xs) as tfc.Tensor;
  const answers = [again.predict(xs) as tfc.Tensor, (await runtime.predict(xs)) as tfc.Tensor] as const;
  const differences = await Promise.all(
    answers.map(async (answer) => {
      const largest = tfc.tidy(() => tfc.max(tfc.abs(tfc.sub(answer, expected))));
      const [value = NaN] = await largest.data();
      largest.dispose();
      return value;
    }),
  );
  [reloaded, exported] = [Math.max(reloaded, differences[0] ?? NaN), Math.max(exported, differences[1] ?? NaN)];
  tfc.dispose([xs, ys, expected, ...answers]);
}
await runtime.dispose();
console.log(`Saved and loaded, it predicts ${reloaded === 0 ? 'exactly the same' : `DIFFERENTLY, by ${reloaded}`}.`);
console.log(`On ONNX Runtime, it predicts ${exported < 1e-5 ? 'the same, within 0.00001' : `DIFFERENTLY, by ${exported}`}.`);

// 2. A head of your own on three feature maps of the real Lite0: edges, textures and things in one vector.
const backbone = efficientNet('lite0', { inputSize: SIZE });
await loadWeights(backbone, LITE0);
const taps = featureExtractor(backbone, ['reduction_3', 'reduction_4', 'reduction_5']);
const pooled = taps.outputs.map((map, i) => tf.layers.globalAveragePooling2d({ name: `pool_${i + 3}` }).apply(map) as tf.SymbolicTensor);
const joined = tf.layers.concatenate({ name: 'pyramid' }).apply(pooled) as tf.SymbolicTensor;
const pyramid = tf.model({ inputs: taps.inputs, outputs: head(joined, { classes: classNames.length }, { seed: 1 }), name: 'pyramid' });
await learn('a head on three feature maps of Lite0', pyramid, ['predictions']);

async function learn(what: string, model: tf.LayersModel, unfreeze: readonly string[], batchNorm?: 'trained'): Promise<void> {
  const batches = ({ images }: ImageSet): ReturnType<typeof imageBatches> => imageBatches(images.take(PICTURES));
  freeze(model);
  await fineTune(model, {
    train: batches(train),
    stages: [{ unfreeze, epochs: 3, learningRate: 3e-3, batchNorm }],
    optimizer: () => adam(),
  });
  const { accuracy, loss } = await evaluate(model, batches(validation), { classNames });
  console.log(
    `${what}: ${trainableSummary(model).trainable} parameters trained, loss ${loss.toFixed(2)}, ` +
      `${(accuracy * 100).toFixed(1)} % of unseen clothes right`,
  );
}
