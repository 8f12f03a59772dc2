// Dropout with a reproducible sequence of masks. The stock layer repeats the same mask if it has a seed.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, deriveSeed, rate, seed as seedRule, text, type Given } from '../core/internal.js';
import { onlyTensor } from './onlyTensor.js';

/** Options of {@link dropout} and {@link stochasticDepth}. */
export interface DropoutOptions {
  readonly name?: string | undefined;
  /** The fraction that is dropped during training, in [0, 1). */
  readonly rate: number;
  /** Seed of the masks. The same seed gives the same mask at every step. @defaultValue random */
  readonly seed?: number | undefined;
}

/** The state of a sequence of masks: its seed, and the number of masks used so far. */
export interface DropoutStream {
  readonly seed: number;
  readonly step: number;
}

interface SeededDropoutConfig extends Omit<DropoutOptions, 'seed'> {
  readonly seed?: number | null | undefined;
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
}

/** The layer that {@link dropout} and {@link stochasticDepth} create. TensorFlow.js requires layers to be classes. */
export class SeededDropout extends tfl.layers.Layer {
  static readonly className = 'EffnetDropout';
  readonly rate: number;
  readonly seed: number | null;
  private readonly noiseShape: readonly (number | null)[] | null;
  /** Whether to always return the input unchanged, even during training. */
  inference = false;
  /** A temporary factor of the rate. It is not saved with the layer. */
  rateScale = 1;
  /** The rows of the batch that this model computes, if other threads compute the rest. Each row has the mask it has in the whole batch. */
  rows: { readonly start: number; readonly total: number } | undefined;
  /** The current state of the mask sequence. Restoring a saved state continues with the same masks. */
  stream: DropoutStream;

  constructor(config: SeededDropoutConfig) {
    super(config as Given<SeededDropoutConfig>);
    this.rate = config.rate;
    this.seed = config.seed ?? null;
    this.noiseShape = config.noiseShape ?? null;
    this.stream = { seed: config.seed ?? Math.floor(Math.random() * 2 ** 31), step: 0 };
    this.supportsMasking = true;
  }

  // The standard class name in saved files, so that stock TensorFlow.js and Keras can load them.
  override getClassName(): string {
    return 'Dropout';
  }

  /** Whether the layer drops whole samples instead of single values. */
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
      const [rows = 1, ...rest] = shape;
      const { start, total } = this.rows ?? { start: 0, total: rows };
      const whole = tf.randomUniform([total, ...rest], 0, 1, 'float32', deriveSeed(seed, step));
      const noise = total === rows ? whole : tf.slice(whole, start, rows);
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
 * Creates a layer that drops single values during training and scales the rest to preserve the mean. Every step uses a new mask, also with
 * a seed.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const y = dropout({ rate: 0.2, seed: 1 }).apply(x) as tfl.SymbolicTensor;
 */
export function dropout(options: DropoutOptions): tfl.layers.Layer {
  return new SeededDropout(checkDropout('dropout', options));
}

/**
 * Creates a layer that drops whole samples of a residual branch during training and scales the rest to preserve the mean. timm calls it
 * drop path.
 *
 * Inputs have shape `[batch, height, width, channels]`. Some implementations specify `survival_prob`, which is 1 minus this rate.
 *
 * @throws {OptionError} when an option is unknown or invalid.
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
