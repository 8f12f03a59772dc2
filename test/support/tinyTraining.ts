// A network that is small enough to train in a test, and data for it.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Dataset } from '../../src/data/index.js';
import { batchNormalization, dropout } from '../../src/layers/index.js';
import { fillModel } from './fillModel.js';
import { uniform } from './fill.js';

/** Dense, BatchNormalization, dropout and a classifier of 3; the names recur in every model of the process. */
export function tinyModel(seed = 1): tfl.LayersModel {
  const input = tfl.input({ shape: [4] });
  const layers = [
    tfl.layers.dense({ units: 6, name: 'block1a_dense' }),
    batchNormalization({ name: 'block1a_bn', momentum: 0.9 }),
    tfl.layers.activation({ activation: 'relu', name: 'block1a_relu' }),
    dropout({ rate: 0.2, seed, name: 'top_dropout' }),
    tfl.layers.dense({ units: 3, activation: 'softmax', name: 'predictions' }),
  ];
  const outputs = layers.reduce<tfl.SymbolicTensor>((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
  const model = tfl.model({ inputs: input, outputs, name: 'tiny' });
  fillModel(model, 1);
  return model;
}

/** 24 samples of 3 classes in batches of 4, shuffled anew each epoch. */
export function tinyData(shuffled = true): Dataset<{ xs: tf.Tensor; ys: tf.Tensor }> {
  const x = uniform('tiny/x', 96);
  const samples = Array.from({ length: 24 }, (_, i) => ({
    x: [...x.subarray(4 * i, 4 * i + 4)].map((value, k) => value + (k === i % 3 ? 1 : 0)),
    y: i % 3,
  }));
  const items = Dataset.from(samples);
  return (shuffled ? items.shuffle(24, { seed: 5 }) : items).batch(4).map((batch) => ({
    xs: tf.tensor2d(batch.map((sample) => sample.x)),
    ys: tf.tensor1d(
      batch.map((sample) => sample.y),
      'int32',
    ),
  }));
}

/** Returns the values of all weights of a model, layer by layer. */
export async function weightsOfAll(model: tfl.LayersModel): Promise<number[]> {
  const values = await Promise.all(model.layers.flatMap((layer) => layer.getWeights()).map((weight) => weight.data()));
  return values.flatMap((part) => [...part]);
}
