// The weight initializers of the reference networks. In TensorFlow.js, 'truncatedNormal' is actually uniform, and the standard deviation of
// 'normal' is off by 12%.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, createRandom, oneOf, positive, seed as seedRule } from '../core/internal.js';

/** Options of {@link varianceScaling}. */
export interface VarianceScalingOptions {
  /** The variance is `scale / fan`. */
  readonly scale: number;
  /** The fan: the number of outputs, or the mean of inputs and outputs (Glorot). @defaultValue 'fanOut' */
  readonly mode?: 'fanOut' | 'fanAvg' | undefined;
  readonly distribution: 'truncatedNormal' | 'uniform';
  /** Seed of the random values. @defaultValue random */
  readonly seed?: number | undefined;
}

const RULES = { scale: positive, mode: oneOf('fanOut', 'fanAvg'), distribution: oneOf('truncatedNormal', 'uniform'), seed: seedRule };

// The standard deviation of a standard normal distribution truncated at two standard deviations.
const TRUNCATED_DEVIATION = 0.87962566103423978;

class VarianceScaling extends tf.serialization.Serializable {
  static readonly className = 'EffnetVarianceScaling';
  private readonly options: VarianceScalingOptions;

  constructor(options: VarianceScalingOptions) {
    super();
    this.options = options;
  }

  // The standard class name in saved files, so that stock TensorFlow.js can load them.
  override getClassName(): string {
    return 'VarianceScaling';
  }

  apply(shape: number[]): tf.Tensor {
    return tf.tensor(drawKernel(shape, this.options), shape, 'float32');
  }

  getConfig(): tf.serialization.ConfigDict {
    const { scale, mode = 'fanOut', distribution, seed } = this.options;
    return { scale, mode, distribution, seed: seed ?? null };
  }
}

/**
 * Creates an initializer with variance `scale / fan`. Its 'truncatedNormal' is truncated at two standard deviations and then scaled to have
 * exactly this variance.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @see `VarianceScaling` in keras/src/initializers/random_initializers.py
 */
export function varianceScaling(options: VarianceScalingOptions): ReturnType<typeof tfl.initializers.varianceScaling> {
  const given = checkOptions('varianceScaling', options, RULES);
  check('varianceScaling', 'scale', given.scale, RULES.scale);
  check('varianceScaling', 'distribution', given.distribution, RULES.distribution);
  tf.serialization.registerClass(VarianceScaling);
  // TensorFlow.js layers accept a custom initializer only by its registered name.
  return { className: VarianceScaling.className, config: given } as unknown as ReturnType<typeof tfl.initializers.varianceScaling>;
}

/** Returns random values for a kernel `[..., in, out]`. */
export function drawKernel(shape: readonly number[], { scale, mode = 'fanOut', distribution, seed }: VarianceScalingOptions): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const receptive = shape.slice(0, -2).reduce((product, length) => product * length, 1);
  const [fanIn, fanOut] = [receptive * (shape.at(-2) ?? 1), receptive * (shape.at(-1) ?? 1)];
  const variance = scale / Math.max(1, mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2);
  const random = createRandom(seed);
  const values = new Float32Array(size);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    for (let i = 0; i < size; i++) values[i] = random.uniform(-limit, limit);
    return values;
  }
  const deviation = Math.sqrt(variance) / TRUNCATED_DEVIATION;
  for (let i = 0; i < size;) {
    const value = random.normal();
    if (Math.abs(value) < 2) values[i++] = value * deviation;
  }
  return values;
}
