// What the package offers: a layer class, and the parts of EfficientNet's blocks that are made of it.

import * as tfc from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-layers';
import { mbConv, type BlockParts } from 'effnet-ts';
import type { OnnxConverter } from 'effnet-ts/onnx';

/** x * sigmoid(scale * x), one scale per channel. */
export class ChannelGate extends tf.layers.Layer {
  static readonly className = 'ChannelGate';
  private scale!: ReturnType<tf.layers.Layer['addWeight']>;

  override build(inputShape: tf.Shape): void {
    this.scale = this.addWeight('scale', [inputShape.at(-1) as number], 'float32', tf.initializers.ones());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tfc.Tensor | tfc.Tensor[]): tfc.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tfc.Tensor;
    return tfc.tidy(() => tfc.mul(x, tfc.sigmoid(tfc.mul(x, this.scale.read()))));
  }
}
tfc.serialization.registerClass(ChannelGate);

export const convertChannelGate: OnnxConverter = ({ name, inputs, weights, node, constant }) => {
  const [x, scale] = [inputs[0], weights.get('scale')];
  if (x === undefined || scale === undefined) throw new Error(`'${name}' has no input or no scale`);
  const factor = constant(`${name}/scale`, [scale.values.length, 1, 1], scale.values);
  return node('Mul', name, [x.tensor, node('Sigmoid', `${name}/sigmoid`, [node('Mul', `${name}/scaled`, [x.tensor, factor])])]);
};

const gate = (x: tf.SymbolicTensor, name: string): tf.SymbolicTensor => new ChannelGate({ name }).apply(x) as tf.SymbolicTensor;

export const parts: Required<Omit<BlockParts, 'seed'>> = {
  attention: (x, { name }) => gate(x, `${name}_gate`),
  activation: (x, { name }) => gate(x, name),
  normalization: (x, { name, epsilon }) => tf.layers.layerNormalization({ name, epsilon }).apply(x) as tf.SymbolicTensor,
  block: (x, spec, inner) => gate(mbConv(x, spec, inner), `${spec.name}_out`),
};
