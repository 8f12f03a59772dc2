// A convolution that applies its bias and ReLU in the same operation. Stock layers use separate operations.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { onlyTensor } from './onlyTensor.js';

/** The configuration of a stock `DepthwiseConv2D` if `depthwise` is true, otherwise of a stock `Conv2D`. */
interface FusedConvolutionConfig {
  readonly name?: string | undefined;
  readonly depthwise: boolean;
  readonly filters?: number | undefined;
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: 'same' | 'valid';
  readonly activation: 'linear' | 'relu' | 'relu6';
}

const ACTIVATIONS: readonly unknown[] = ['linear', 'relu', 'relu6'];

/** The layer that replaces stock convolutions in foldBatchNorm. TensorFlow.js requires layers to be classes. */
export class FusedConvolution extends tfl.layers.Layer {
  static readonly className = 'EffnetFusedConvolution';
  private readonly config: FusedConvolutionConfig;
  private kernel!: tfl.LayerVariable;
  private bias!: tfl.LayerVariable;

  constructor(config: FusedConvolutionConfig) {
    super({ ...(config.name === undefined ? {} : { name: config.name }) });
    this.config = config;
  }

  /** Returns whether this layer can replace a stock layer with the given class name and saved configuration. */
  static replaces(className: string, config: Readonly<Record<string, unknown>>): boolean {
    const plain = config['data_format'] === 'channels_last' && [config['dilation_rate']].flat().every((rate) => rate === 1);
    const fusable = config['use_bias'] === true && ACTIVATIONS.includes(config['activation']);
    return plain && fusable && (className === 'Conv2D' || (className === 'DepthwiseConv2D' && config['depth_multiplier'] === 1));
  }

  // The standard class name in saved files, so that stock TensorFlow.js and Keras can load them.
  override getClassName(): string {
    return this.config.depthwise ? 'DepthwiseConv2D' : 'Conv2D';
  }

  override build(inputShape: tfl.Shape): void {
    const { depthwise, kernelSize, filters = 1 } = this.config;
    const channels = inputShape.at(-1) ?? 0;
    const zeros = tfl.initializers.zeros();
    this.kernel = this.addWeight(depthwise ? 'depthwise_kernel' : 'kernel', [...kernelSize, channels, filters], 'float32', zeros);
    this.bias = this.addWeight('bias', [depthwise ? channels : filters], 'float32', zeros);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const { depthwise, strides, padding, activation } = this.config;
      const operands = {
        x: onlyTensor(this.name, inputs) as tf.Tensor4D,
        filter: this.kernel.read() as tf.Tensor4D,
        bias: this.bias.read(),
        strides: [...strides] as [number, number],
        pad: padding,
        activation,
      } as const;
      return depthwise ? tf.fused.depthwiseConv2d(operands) : tf.fused.conv2d(operands);
    });
  }

  override computeOutputShape([batch = null, ...shape]: tfl.Shape): tfl.Shape {
    const { depthwise, kernelSize, strides, padding, filters = 1 } = this.config;
    const lengths = [0, 1].map((axis) => {
      const length = shape[axis];
      if (length == null) return null;
      const places = padding === 'same' ? length : length - (kernelSize[axis] as number) + 1;
      return Math.ceil(places / (strides[axis] as number));
    });
    return [batch, ...lengths, depthwise ? (shape[2] ?? null) : filters];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { depthwise, filters = 1, kernelSize, strides, padding, activation } = this.config;
    return {
      ...super.getConfig(),
      ...(depthwise ? { depthMultiplier: 1 } : { filters }),
      kernelSize: [...kernelSize],
      strides: [...strides],
      padding,
      activation,
      dataFormat: 'channelsLast',
      dilationRate: [1, 1],
      useBias: true,
    };
  }
}
