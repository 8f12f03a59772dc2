// A small network for {@link probeBackend}: a stem, an MBConv block and a classifier. It uses only TensorFlow.js operations, so that an
// error is caused by the backend.

import * as tf from '@tensorflow/tfjs-core';
import { EffnetError } from '../core/index.js';

/** The image batch and the weights by name. */
export type ProbeValues = Readonly<Record<string, tf.Tensor>>;

type Row = readonly [name: string, shape: readonly number[], center: number, spread: number];

const norm = (name: string, size: number): readonly Row[] => [
  [`${name}/gamma`, [size], 1, 0.5],
  [`${name}/beta`, [size], 0, 0.3],
  [`${name}/moving_mean`, [size], 0, 0.3],
  [`${name}/moving_variance`, [size], 1, 0.5],
];

const TABLE: readonly Row[] = [
  ['input', [2, 12, 12, 3], 0, 1.5],
  ['stem_conv/kernel', [3, 3, 3, 8], 0, 0.4],
  ...norm('stem_bn', 8),
  ['expand_conv/kernel', [1, 1, 8, 24], 0, 0.6],
  ...norm('expand_bn', 24),
  ['dwconv/depthwise_kernel', [5, 5, 24, 1], 0, 0.4],
  ...norm('dw_bn', 24),
  ['se_reduce/kernel', [1, 1, 24, 2], 0, 0.6],
  ['se_reduce/bias', [2], 0, 0.3],
  ['se_expand/kernel', [1, 1, 2, 24], 0, 1],
  ['se_expand/bias', [24], 0, 0.3],
  ['project_conv/kernel', [1, 1, 24, 8], 0, 0.5],
  ...norm('project_bn', 8),
  ['predictions/kernel', [8, 4], 0, 0.8],
  ['predictions/bias', [4], 0, 0.3],
];

/** Creates the image batch and the weights from a fixed formula. The caller must dispose them. */
export function probeValues(): ProbeValues {
  return Object.fromEntries(
    TABLE.map(([name, shape, center, spread], salt) => {
      const share = (i: number): number => ((i * 7919 + (salt + 1) * 104729) % 1021) / 1021;
      const size = shape.reduce((product, side) => product * side, 1);
      const values = Float32Array.from({ length: size }, (_, i) => center + spread * (2 * share(i) - 1));
      return [name, tf.tensor(values, [...shape])];
    }),
  );
}

/** Returns a value by name. */
export function valueOf(values: ProbeValues, name: string): tf.Tensor {
  const value = values[name];
  if (value === undefined) throw new EffnetError(`probe: no value is named '${name}'.`);
  return value;
}

/**
 * Runs the network and returns features `[batch, 8]` and logits `[batch, 4]`. With `training`, BatchNormalization uses the statistics of
 * the batch.
 */
export function probeNet(values: ProbeValues, training: boolean): { readonly features: tf.Tensor2D; readonly logits: tf.Tensor2D } {
  const vector = (name: string): tf.Tensor1D => valueOf(values, name) as tf.Tensor1D;
  const filter = (name: string): tf.Tensor4D => valueOf(values, name) as tf.Tensor4D;
  const images = valueOf(values, 'input') as tf.Tensor4D;
  const conv = (x: tf.Tensor4D, name: string, stride = 1): tf.Tensor4D => tf.conv2d(x, filter(`${name}/kernel`), stride, 'same');
  const biasedConv = (x: tf.Tensor4D, name: string): tf.Tensor4D => tf.add(conv(x, name), vector(`${name}/bias`));
  const swish = (x: tf.Tensor4D): tf.Tensor4D => tf.mul(x, tf.sigmoid(x));
  const normalize = (x: tf.Tensor4D, name: string): tf.Tensor4D => {
    const moments = training ? tf.moments(x, [0, 1, 2]) : undefined;
    const mean = (moments?.mean as tf.Tensor1D | undefined) ?? vector(`${name}/moving_mean`);
    const variance = (moments?.variance as tf.Tensor1D | undefined) ?? vector(`${name}/moving_variance`);
    return tf.batchNorm4d(x, mean, variance, vector(`${name}/beta`), vector(`${name}/gamma`), 1e-3);
  };

  const stem = swish(normalize(conv(images, 'stem_conv', 2), 'stem_bn'));
  const expanded = swish(normalize(conv(stem, 'expand_conv'), 'expand_bn'));
  const depthwise = tf.depthwiseConv2d(expanded, filter('dwconv/depthwise_kernel'), 1, 'same');
  const filtered = swish(normalize(depthwise, 'dw_bn'));
  const squeezed = tf.mean<tf.Tensor4D>(filtered, [1, 2], true);
  const gate = tf.sigmoid(biasedConv(swish(biasedConv(squeezed, 'se_reduce')), 'se_expand'));
  const projected = normalize(conv(tf.mul(filtered, gate), 'project_conv'), 'project_bn');
  const features = tf.mean<tf.Tensor2D>(tf.add(projected, stem), [1, 2]);
  const logits = tf.add<tf.Tensor2D>(tf.matMul(features, valueOf(values, 'predictions/kernel')), vector('predictions/bias'));
  return { features, logits };
}
