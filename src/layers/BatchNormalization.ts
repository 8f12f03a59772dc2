// Batch normalization that behaves as in Keras: a frozen layer runs in inference mode and keeps its statistics. The stock TensorFlow.js
// layer keeps updating them.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { boolean, checkOptions, positive, rate, showShape, text, type Given } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import type { FrozenNorm } from './frozenUnit.js';
import { onlyTensor } from './onlyTensor.js';
import { inferBatchNorm, trainBatchNorm } from './trainBatchNorm.js';

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions {
  readonly name?: string | undefined;
  /** Fraction of the moving statistics that is kept at every step, in [0, 1). PyTorch's momentum is 1 minus this. @defaultValue 0.99 */
  readonly momentum?: number | undefined;
  /** @defaultValue 0.001 */
  readonly epsilon?: number | undefined;
  /** Whether to add a learned beta. @defaultValue true */
  readonly center?: boolean | undefined;
  /** Whether to multiply by a learned gamma. @defaultValue true */
  readonly scale?: boolean | undefined;
  /** @defaultValue true */
  readonly trainable?: boolean | undefined;
}

type LayerVariable = tfl.LayerVariable;

/** The layer that {@link batchNormalization} creates. TensorFlow.js requires layers to be classes. */
export class BatchNormalization extends tfl.layers.Layer {
  static readonly className = 'EffnetBatchNormalization';
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  /**
   * Whether to always use the moving statistics and never update them, like Keras' `training=False`. Gamma and beta can still be trained.
   */
  inference = false;
  private gamma: LayerVariable | undefined;
  private beta: LayerVariable | undefined;
  private movingMean!: LayerVariable;
  private movingVariance!: LayerVariable;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options as Given<BatchNormalizationOptions>);
    this.momentum = options.momentum ?? 0.99;
    this.epsilon = options.epsilon ?? 1e-3;
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
  }

  // The standard class name in saved files, so that stock TensorFlow.js and Keras can load them.
  override getClassName(): string {
    return 'BatchNormalization';
  }

  override build(inputShape: tfl.Shape | tfl.Shape[]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tfl.Shape;
    const channels = shape.at(-1);
    if (channels == null) throw new ShapeError(`${this.name}: expected a known number of channels, received ${showShape(shape)}.`);
    const add = (name: string, initial: 'zeros' | 'ones', trainable: boolean): LayerVariable =>
      this.addWeight(name, [channels], 'float32', tfl.initializers[initial](), undefined, trainable);
    if (this.scale) this.gamma = add('gamma', 'ones', true);
    if (this.center) this.beta = add('beta', 'zeros', true);
    this.movingMean = add('moving_mean', 'zeros', false);
    this.movingVariance = add('moving_variance', 'ones', false);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean | undefined }): tf.Tensor {
    return tf.tidy(() => {
      const x = onlyTensor(this.name, inputs);
      const channels = x.shape.at(-1) ?? 0;
      const gamma = (this.gamma?.read() ?? tf.ones([channels])) as tf.Tensor1D;
      const beta = (this.beta?.read() ?? tf.zeros([channels])) as tf.Tensor1D;
      if (kwargs.training !== true || this.inference || this.isFrozen()) {
        return inferBatchNorm(
          x,
          this.movingMean.read() as tf.Tensor1D,
          this.movingVariance.read() as tf.Tensor1D,
          gamma,
          beta,
          this.epsilon,
        );
      }
      const { y, mean, variance } = trainBatchNorm(x, gamma, beta, this.epsilon);
      this.advance(this.movingMean, mean);
      this.advance(this.movingVariance, variance);
      return y;
    });
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { momentum, epsilon, center, scale } = this;
    return { ...super.getConfig(), axis: -1, momentum, epsilon, center, scale };
  }

  /** Returns the statistics and weights if they do not change during training, otherwise `undefined`. */
  frozenNorm(): FrozenNorm | undefined {
    if (!this.isFrozen() || this.trainableWeights.length > 0) return undefined;
    const [mean, variance] = [this.movingMean.read(), this.movingVariance.read()];
    return { mean, variance, gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon: this.epsilon };
  }

  // Freezing a nested model freezes its weights but not its layers, so both are checked.
  private isFrozen(): boolean {
    return !this.trainable || this.gamma?.trainable === false || this.beta?.trainable === false;
  }

  private advance(statistic: LayerVariable, value: tf.Tensor): void {
    const old = statistic.read();
    statistic.write(tf.add<tf.Variable>(old, tf.mul(tf.sub(value, old), 1 - this.momentum)));
  }
}

/**
 * Creates a layer that normalizes each channel: with the statistics of the batch during training, and with moving statistics in inference.
 *
 * A frozen layer (`trainable = false`) uses the moving statistics and does not update them, as in Keras since 2.0. Inputs have shape
 * `[batch, channels]` to `[batch, height, width, channels]`.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const y = batchNormalization({ name: 'stem_bn' }).apply(x) as tfl.SymbolicTensor;
 * @see `BatchNormalization` in keras/src/layers/normalization/batch_normalization.py
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): tfl.layers.Layer {
  checkOptions('batchNormalization', options, {
    name: text,
    momentum: rate,
    epsilon: positive,
    center: boolean,
    scale: boolean,
    trainable: boolean,
  });
  return new BatchNormalization(options);
}
