// Dropout with a stream of its own. The stock layer repeats one mask for ever once it has a seed.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, deriveSeed, rate, seed as seedRule, text, type Given } from '../core/internal.js';
import { onlyTensor } from './onlyTensor.js';

/** Options of {@link dropout} and {@link stochasticDepth}. */
export interface DropoutOptions {
  readonly name?: string | undefined;
  /** The share dropped in training, in [0, 1). */
  readonly rate: number;
  /** The same seed drops the same, step by step. @defaultValue unpredictable */
  readonly seed?: number | undefined;
}

/** A stream of masks and how many it has given. */
export interface DropoutStream {
  readonly seed: number;
  readonly step: number;
}

interface SeededDropoutConfig extends Omit<DropoutOptions, 'seed'> {
  readonly seed?: number | null | undefined;
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
}

/** The layer behind {@link dropout} and {@link stochasticDepth}; a class because TensorFlow.js layers are. */
export class SeededDropout extends tfl.layers.Layer {
  static readonly className = 'EffnetDropout';
  readonly rate: number;
  readonly seed: number | null;
  private readonly noiseShape: readonly (number | null)[] | null;
  /** Always passes its input on, whatever the model does. */
  inference = false;
  /** What the rate is multiplied with for now; no part of the configuration. */
  rateScale = 1;
  /** Where its stream stands: a saved one, put back, goes on with the same masks. */
  stream: DropoutStream;

  constructor(config: SeededDropoutConfig) {
    super(config as Given<SeededDropoutConfig>);
    this.rate = config.rate;
    this.seed = config.seed ?? null;
    this.noiseShape = config.noiseShape ?? null;
    this.stream = { seed: config.seed ?? Math.floor(Math.random() * 2 ** 31), step: 0 };
    this.supportsMasking = true;
  }

  // Files carry the standard name, so that plain TensorFlow.js and Keras open them.
  override getClassName(): string {
    return 'Dropout';
  }

  /** Whether it drops whole samples of a branch, and not single values. */
  get isStochasticDepth(): boolean {
    return this.noiseShape?.every((length, axis) => (axis === 0 ? length === null : length === 1)) ?? false;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean | undefined }): tf.Tensor {
    const x = onlyTensor(this.name, inputs);
    const dropped = this.rate * this.rateScale;
    if (kwargs.training !== true || dropped === 0 || this.inference) return x;
    const { seed, step } = this.stream;
    this.stream = { seed, step: step + 1 };
    return tf.tidy(() => {
      const shape = this.noiseShape === null ? x.shape : this.noiseShape.map((length, axis) => length ?? x.shape[axis] ?? 1);
      const keep = 1 - dropped;
      const noise = tf.randomUniform(shape, 0, 1, 'float32', deriveSeed(seed, step));
      return tf.mul(x, tf.mul(tf.cast(tf.less(noise, keep), 'float32'), 1 / keep));
    });
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noiseShape: this.noiseShape === null ? null : [...this.noiseShape] };
  }
}

/**
 * Drops single values in training and scales the rest to keep the mean; a new mask each step also when seeded.
 *
 * @throws {OptionError} when an option is unknown or impossible.
 * @example
 * const y = dropout({ rate: 0.2, seed: 1 }).apply(x) as tfl.SymbolicTensor;
 */
export function dropout(options: DropoutOptions): tfl.layers.Layer {
  return new SeededDropout(checkDropout('dropout', options));
}

/**
 * Drops whole samples of a residual branch in training and scales the rest to keep the mean (timm: drop path, per sample).
 *
 * Takes `[batch, height, width, channels]`. Elsewhere the option is `survival_prob`, 1 minus this rate.
 *
 * @throws {OptionError} when an option is unknown or impossible.
 * @example
 * const y = stochasticDepth({ rate: 0.1, name: 'block2b_drop' }).apply(x) as tfl.SymbolicTensor;
 * @see Deep Networks with Stochastic Depth (arXiv 1603.09382); Keras' `Dropout(rate, noise_shape=(None, 1, 1, 1))`
 */
export function stochasticDepth(options: DropoutOptions): tfl.layers.Layer {
  return new SeededDropout({ ...checkDropout('stochasticDepth', options), noiseShape: [null, 1, 1, 1] });
}

function checkDropout(where: string, options: DropoutOptions): DropoutOptions {
  const given = checkOptions(where, options, { name: text, rate, seed: seedRule });
  check(where, 'rate', given.rate, rate);
  return given;
}
