// The update rules of the optimizers. Each gives the same numbers as its reference framework. State is kept by NamedOptimizer.ts;
// accumulation, clipping and weight decay are applied by computeUpdate.ts.

import * as tf from '@tensorflow/tfjs-core';
import {
  boolean,
  callable,
  checkOptions,
  either,
  nonNegative,
  oneOf,
  positive,
  positiveInteger,
  rate,
  rule,
  type Given,
  type Rules,
} from '../core/internal.js';
import { OptionError, type Complete } from '../core/index.js';
import { adamUpdate, descentUpdate, momentumUpdate } from './fusedUpdates.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import type { OptimizerOptions } from './optimizerOptions.js';
import type { Schedule } from './schedule.js';
import type { UpdateRule } from './updateRule.js';

const learningRate = either(
  nonNegative,
  rule<Schedule>('a schedule', (value) => typeof value === 'function'),
);
const COMMON: Rules<OptimizerOptions> = {
  learningRate,
  weightDecay: nonNegative,
  weightDecayMode: oneOf('decoupled', 'coupled'),
  decays: callable,
  clipValue: positive,
  clipNorm: positive,
  globalClipNorm: positive,
  accumulationSteps: positiveInteger,
  rateOf: callable,
};

/** Options of {@link sgd}. */
export interface SgdOptions extends OptimizerOptions {
  /** Momentum, in [0, 1). @defaultValue 0 */
  readonly momentum?: number | undefined;
  /** Whether to use Nesterov momentum. @defaultValue false */
  readonly nesterov?: boolean | undefined;
}

/**
 * Creates an optimizer for gradient descent with optional (Nesterov) momentum. As in Keras, the velocity already includes the learning
 * rate. The learning rate defaults to 0.01.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * model.compile({ optimizer: sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }), loss: softmaxCrossEntropy() });
 * @see `SGD` in keras/src/optimizers/sgd.py
 */
export function sgd(options: SgdOptions = {}): NamedOptimizer {
  const given = checked('sgd', options, { ...COMMON, momentum: rate, nesterov: boolean });
  const { momentum = 0, nesterov = false } = given;
  const step: UpdateRule['update'] = ({ weight, gradient, rate, read, write }) => {
    if (momentum === 0) return descentUpdate(weight, gradient, rate);
    const [updated, velocity] = momentumUpdate(weight, gradient, read('momentum'), { rate, momentum, nesterov });
    write('momentum', velocity);
    return updated;
  };
  return new NamedOptimizer({ name: 'sgd', slots: momentum === 0 ? {} : { momentum: 0 }, update: step }, { learningRate: 0.01, ...given });
}

/** Options of {@link rmsProp}. */
export interface RmsPropOptions extends OptimizerOptions {
  /** Decay of the moving mean of squared gradients, in [0, 1). @defaultValue 0.9 */
  readonly rho?: number | undefined;
  /** Momentum, in [0, 1). @defaultValue 0 */
  readonly momentum?: number | undefined;
  /** Added to the mean square, inside the square root, at least 0. @defaultValue 1e-7 */
  readonly epsilon?: number | undefined;
  /** Whether to normalize gradients by their variance instead of their mean square. @defaultValue false */
  readonly centered?: boolean | undefined;
}

/**
 * Creates an RMSProp optimizer as in Keras. The mean square starts at 0, so the first steps are large. The learning rate defaults to 0.001.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * model.compile({ optimizer: rmsProp({ learningRate: 0.001 }), loss: softmaxCrossEntropy() });
 * @see `RMSprop` in keras/src/optimizers/rmsprop.py
 */
export function rmsProp(options: RmsPropOptions = {}): NamedOptimizer {
  const given = checked('rmsProp', options, { ...COMMON, rho: rate, momentum: rate, epsilon: nonNegative, centered: boolean });
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = given;
  const slots = { meanSquare: 0, ...(momentum > 0 ? { momentum: 0 } : {}), ...(centered ? { mean: 0 } : {}) };
  return new NamedOptimizer(
    { name: 'rmsProp', slots, update: rootMeanSquare({ rho, momentum, epsilon, centered }) },
    { learningRate: 0.001, ...given },
  );
}

/** Options of {@link rmsPropTF}. */
export interface RmsPropTFOptions extends OptimizerOptions {
  /** Decay of the moving mean of squared gradients, in [0, 1). @defaultValue 0.9 */
  readonly rho?: number | undefined;
  /** Momentum, in [0, 1). @defaultValue 0.9 */
  readonly momentum?: number | undefined;
  /** Added to the mean square, inside the square root, at least 0. @defaultValue 0.001 */
  readonly epsilon?: number | undefined;
}

/**
 * Creates an RMSProp optimizer as in TensorFlow 1, with which EfficientNet was trained. The mean square starts at 1. The learning rate
 * defaults to 0.016.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const optimizer = rmsPropTF({ learningRate: 0.016, weightDecay: 1e-5, weightDecayMode: 'coupled' });
 * @see `tf.compat.v1.train.RMSPropOptimizer`; paper section 5.2 (arXiv 1905.11946)
 */
export function rmsPropTF(options: RmsPropTFOptions = {}): NamedOptimizer {
  const given = checked('rmsPropTF', options, { ...COMMON, rho: rate, momentum: rate, epsilon: nonNegative });
  const { rho = 0.9, momentum = 0.9, epsilon = 0.001 } = given;
  const slots = { meanSquare: 1, ...(momentum > 0 ? { momentum: 0 } : {}) };
  const update = rootMeanSquare({ rho, momentum, epsilon, centered: false });
  return new NamedOptimizer({ name: 'rmsPropTF', slots, update }, { learningRate: 0.016, ...given });
}

// In both versions of RMSProp epsilon is inside the square root, and momentum applies to the update.
function rootMeanSquare({
  rho,
  momentum,
  epsilon,
  centered,
}: Complete<Pick<RmsPropOptions, 'rho' | 'momentum' | 'epsilon' | 'centered'>>): UpdateRule['update'] {
  return ({ weight, gradient, rate, read, write }) => {
    const meanSquare = write('meanSquare', tf.add(tf.mul(read('meanSquare'), rho), tf.mul(tf.square(gradient), 1 - rho)));
    const spread = centered
      ? tf.sub(meanSquare, tf.square(write('mean', tf.add(tf.mul(read('mean'), rho), tf.mul(gradient, 1 - rho)))))
      : meanSquare;
    const change = tf.div(tf.mul(gradient, rate), tf.sqrt(tf.add(spread, epsilon)));
    return tf.sub(weight, momentum > 0 ? write('momentum', tf.add(tf.mul(read('momentum'), momentum), change)) : change);
  };
}

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the moving mean of gradients, in [0, 1). @defaultValue 0.9 */
  readonly beta1?: number | undefined;
  /** Decay of the moving mean of squared gradients, in [0, 1). @defaultValue 0.999 */
  readonly beta2?: number | undefined;
  /** Added to the square root before bias correction, as in Keras, at least 0. PyTorch adds it afterwards. @defaultValue 1e-7 */
  readonly epsilon?: number | undefined;
}

/**
 * Creates an Adam optimizer as in Keras. The learning rate defaults to 0.001.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const learningRate = warmupCosine({ maxLearningRate: 0.001, totalSteps: 5000 });
 * model.compile({ optimizer: adam({ learningRate }), loss: softmaxCrossEntropy() });
 * @see arXiv 1412.6980, section 2 (its "epsilon hat" form); `Adam` in keras/src/optimizers/adam.py
 */
export function adam(options: AdamOptions = {}): NamedOptimizer {
  return moments('adam', options);
}

/**
 * Creates an Adam optimizer with decoupled weight decay. By default BatchNormalization and biases do not decay. The learning rate defaults
 * to 0.001, the weight decay to 0.004.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * model.compile({ optimizer: adamW({ learningRate: 1e-4, weightDecay: 0.05 }), loss: softmaxCrossEntropy() });
 * @see arXiv 1711.05101; `AdamW` in keras/src/optimizers/adamw.py
 */
export function adamW(options: AdamOptions = {}): NamedOptimizer {
  return moments('adamW', options, { weightDecay: 0.004 });
}

function moments(name: string, options: AdamOptions, defaults: Pick<AdamOptions, 'weightDecay'> = {}): NamedOptimizer {
  const given = { ...defaults, ...checked(name, options, { ...COMMON, beta1: rate, beta2: rate, epsilon: nonNegative }) };
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = given;
  const update: UpdateRule['update'] = ({ weight, gradient, rate, step, read, write }) => {
    const corrected = (rate * Math.sqrt(1 - beta2 ** (step + 1))) / (1 - beta1 ** (step + 1));
    const factors = { rate: corrected, beta1, beta2, epsilon };
    const [updated, mean, meanSquare] = adamUpdate(weight, gradient, read('mean'), read('meanSquare'), factors);
    write('mean', mean);
    write('meanSquare', meanSquare);
    return updated;
  };
  return new NamedOptimizer({ name, slots: { mean: 0, meanSquare: 0 }, update }, { learningRate: 0.001, ...given });
}

function checked<T extends OptimizerOptions>(where: string, options: T, rules: Rules<T>): Given<T> {
  const given = checkOptions(where, options, rules);
  const clips = (['clipValue', 'clipNorm', 'globalClipNorm'] as const).filter((key) => options[key] !== undefined);
  if (clips.length > 1)
    throw new OptionError(
      `${where}: expected at most one of \`clipValue\`, \`clipNorm\`, \`globalClipNorm\`, ` +
        `received ${clips.map((clip) => `\`${clip}\``).join(' and ')}.`,
    );
  return given;
}
