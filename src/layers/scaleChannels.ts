// The two operations of squeeze-and-excitation on whole maps, each with a gradient of one pass.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from './fusedKernel.js';

/** The mean over the pixels: `[batch, height, width, channels]` to `[batch, channels]`. */
export function pixelMean(x: tf.Tensor4D): tf.Tensor2D {
  const [, height, width] = x.shape;
  const apply = tf.customGrad((...parameters) => {
    const [input] = parameters as unknown as [tf.Tensor4D];
    return {
      value: fused('EffnetPixelMean', { x: input }, {}, () => tf.mean(input, [1, 2])),
      gradFunc: (dy) => pixelMeanGradient(dy as tf.Tensor2D, height, width),
    };
  });
  return apply(x) as tf.Tensor2D;
}

function pixelMeanGradient(dy: tf.Tensor2D, height: number, width: number): tf.Tensor {
  return fused('EffnetPixelMeanGradient', { dy }, { height, width }, () => {
    const [batch, channels] = dy.shape;
    return tf.broadcastTo(tf.reshape(tf.div(dy, height * width), [batch, 1, 1, channels]), [batch, height, width, channels]);
  });
}

/** `x` `[batch, height, width, channels]` times `factor` `[batch, 1, 1, channels]`. */
export function scaleChannels(x: tf.Tensor4D, factor: tf.Tensor4D): tf.Tensor4D {
  const apply = tf.customGrad((...parameters) => {
    const [map, scale, save] = parameters as unknown as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    save([map, scale]);
    return {
      value: fused('EffnetScaleChannels', { x: map, factor: scale }, {}, () => tf.mul(map, scale)),
      gradFunc: (dy, saved) => scaleGradient(saved[0] as tf.Tensor4D, saved[1] as tf.Tensor4D, dy as tf.Tensor4D),
    };
  });
  return apply(x, factor) as tf.Tensor4D;
}

function scaleGradient(x: tf.Tensor4D, factor: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor[] {
  return fused('EffnetScaleChannelsGradient', { x, factor, dy }, {}, () => [
    tf.mul(dy, factor),
    tf.sum(tf.mul(dy, x), [1, 2], true),
  ]);
}
