// A custom layer, as users write it: multiplies its input by one weight per channel and applies a sigmoid.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { OnnxConverter } from '../../src/onnx/index.js';

export class Gate extends tfl.layers.Layer {
  static readonly className = 'Gate';
  private scale!: ReturnType<tfl.layers.Layer['addWeight']>;

  override build(inputShape: tfl.Shape): void {
    this.scale = this.addWeight(
      'scale',
      [inputShape.at(-1)!],
      'float32',
      tfl.initializers.randomUniform({ minval: 0.5, maxval: 1.5, seed: 7 }),
    );
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => tf.mul(x, tf.sigmoid(tf.mul(x, this.scale.read()))));
  }
}
tf.serialization.registerClass(Gate);

/** x * sigmoid(x * scale), with channels first in the graph. */
export const convertGate: OnnxConverter = ({ name, inputs, weights, shape, node, constant }) => {
  const [{ tensor }] = inputs as [(typeof inputs)[0]];
  const { values } = weights.get('scale')!;
  const scale = constant(`${name}/scale`, shape.length === 4 ? [values.length, 1, 1] : [values.length], values);
  return node('Mul', name, [tensor, node('Sigmoid', `${name}/sigmoid`, [node('Mul', `${name}/scaled`, [tensor, scale])])]);
};
