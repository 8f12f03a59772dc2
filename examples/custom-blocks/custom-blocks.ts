// Question: how does one build on the blocks: attention of one's own, a stage of one's own, a head on several feature maps?
// Command:  npm run example:custom-blocks
// Expect:   three models that learn the clothes; on the real Lite0 a head is enough for half of them right, from random weights three epochs are few.
// Minutes:  about one, without a GPU.

import path from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-layers';
import {
  adam, convNormAct, efficientNet, evaluate, featureExtractor, fineTune, freeze, head, imageBatches, imageFolder, loadModel, loadWeights, mbConv, planOf,
  saveModel, selectBackend, stage, stem, trainableSummary, VARIANTS, type BlockParts, type ImageSet,
} from 'effnet-ts/node';

const DATA = path.join(import.meta.dirname, '..', 'data');
const SIZE = 48;
/** Of the clothes, in training and in validation: `--pictures 60` for a look. */
const PICTURES = Number(parseArgs({ options: { pictures: { type: 'string', default: '600' } } }).values.pictures);
/** Sixty steps are few: the usual 0.99 would leave the moving statistics near where they began. */
const MOMENTUM = 0.9;

await selectBackend();
const train = await imageFolder(path.join(DATA, 'clothing', 'train'), { inputSize: SIZE, seed: 1 });
const { classNames } = train;
const validation = await imageFolder(path.join(DATA, 'clothing', 'validation'), { inputSize: SIZE, shuffle: false, classNames });

/**
 * Attention of one's own, in place of squeeze-and-excitation: efficient channel attention, a convolution over neighboring channels.
 * Any function from a feature map to one of its shape will do; names begin with the block's, so that they differ.
 *
 * @see ECA-Net, arXiv 1910.03151, section 3.2
 */
const channelAttention: NonNullable<BlockParts['attention']> = (x, { name }) => {
  const channels = x.shape[3] as number;
  const mean = tf.layers.globalAveragePooling2d({ name: `${name}_eca_mean` }).apply(x);
  const row = tf.layers.reshape({ targetShape: [channels, 1], name: `${name}_eca_row` }).apply(mean);
  const weights = tf.layers.conv1d({ filters: 1, kernelSize: 3, padding: 'same', useBias: false, activation: 'sigmoid', name: `${name}_eca_conv` }).apply(row);
  const spread = tf.layers.reshape({ targetShape: [1, 1, channels], name: `${name}_eca_spread` }).apply(weights) as tf.SymbolicTensor;
  return tf.layers.multiply({ name: `${name}_eca_excite` }).apply([x, spread]) as tf.SymbolicTensor;
};

// 1. A whole network, half as wide, with that attention: everything else stays as it was.
const eca = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.5, depthCoefficient: 0.5 }, { inputSize: SIZE, classes: classNames.length, attention: channelAttention, batchNormMomentum: MOMENTUM, seed: 1 });
const stock = planOf(eca).parameters.total;
console.log(`With channel attention: ${eca.countParams()} parameters, with squeeze-and-excitation ${stock}`);
await learn('channel attention, from random weights', eca, { batchNorm: 'trained' });

// 2. A stage of one's own between the library's: blocks whose branch is gated by a second one.
function gatedStage(x: tf.SymbolicTensor, name: string, filters: number): tf.SymbolicTensor {
  const branch = mbConv(x, { name: `${name}_value`, filters, strides: 2, batchNormMomentum: MOMENTUM });
  const linear = convNormAct(x, { name: `${name}_gate`, filters, kernelSize: 1, strides: 2, activation: 'linear', batchNormMomentum: MOMENTUM });
  const gate = tf.layers.activation({ activation: 'sigmoid', name: `${name}_gate_sigmoid` }).apply(linear) as tf.SymbolicTensor;
  return tf.layers.multiply({ name: `${name}_product` }).apply([branch, gate]) as tf.SymbolicTensor;
}

const input = tf.input({ shape: [SIZE, SIZE, 3] });
const scaled = tf.layers.rescaling({ scale: 1 / 127.5, offset: -1, name: 'rescaling' }).apply(input) as tf.SymbolicTensor;
const first = stage(stem(scaled, { batchNormMomentum: MOMENTUM }), { name: 'block1', repeats: 2, filters: 24, strides: 2, batchNormMomentum: MOMENTUM });
const last = stage(gatedStage(first, 'own', 48), { name: 'block3', repeats: 2, filters: 96, strides: 2, batchNormMomentum: MOMENTUM });
const gated = tf.model({ inputs: input, outputs: head(last, { classes: classNames.length, dropoutRate: 0.2 }), name: 'gated' });
await learn('a gated stage, from random weights', gated, { batchNorm: 'trained' });

// 3. A head of one's own on three feature maps of the real Lite0: edges, textures and things in one vector.
const backbone = efficientNet('lite0', { inputSize: SIZE });
await loadWeights(backbone, path.join(DATA, 'weights', 'efficientnet-lite0.safetensors'));
const taps = featureExtractor(backbone, ['reduction_3', 'reduction_4', 'reduction_5']);
const pooled = taps.outputs.map((map, i) => tf.layers.globalAveragePooling2d({ name: `pool_${i + 3}` }).apply(map) as tf.SymbolicTensor);
const joined = tf.layers.concatenate({ name: 'pyramid' }).apply(pooled) as tf.SymbolicTensor;
const pyramid = tf.model({ inputs: taps.inputs, outputs: head(joined, { classes: classNames.length }, { seed: 1 }), name: 'pyramid' });
freeze(pyramid, (layer) => layer.name !== 'predictions');
await learn('a head on three feature maps of Lite0', pyramid, { unfreeze: ['predictions'], rate: 3e-3 });

// They are plain layers models: saved and opened like any other.
const folder = path.join('runs', 'custom-blocks');
await saveModel(pyramid, folder);
const again = await loadModel(folder);
const few = (): typeof validation.images => validation.images.take(16);
const [before, after] = [await evaluate(pyramid, few(), { classNames }), await evaluate(again, few(), { classNames })];
console.log(`Saved and loaded, it predicts ${before.loss === after.loss ? 'exactly the same' : 'DIFFERENTLY'}.`);

interface Learning {
  readonly unfreeze?: readonly string[];
  readonly batchNorm?: 'trained';
  readonly rate?: number;
}

async function learn(what: string, model: tf.LayersModel, { unfreeze, batchNorm, rate = 2e-3 }: Learning): Promise<void> {
  const batches = ({ images }: ImageSet): ReturnType<typeof imageBatches> => imageBatches(images.take(PICTURES));
  await fineTune(model, {
    train: batches(train),
    stages: [{ unfreeze: unfreeze ?? 'all', epochs: 3, learningRate: rate, ...(batchNorm === undefined ? {} : { batchNorm }) }],
    optimizer: () => adam(),
  });
  const { accuracy, loss } = await evaluate(model, batches(validation), { classNames });
  console.log(`${what}: ${trainableSummary(model).trainable} parameters trained, loss ${loss.toFixed(2)}, ${(accuracy * 100).toFixed(1)} % of unseen clothes right`);
}
