// The options that all optimizers of this library share.

import type { Schedule } from './schedule.js';

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /**
   * A constant learning rate, or a schedule of the number of updates so far. With `accumulationSteps`, an update covers several batches.
   */
  readonly learningRate?: number | Schedule | undefined;
  /**
   * Strength of weight decay, at least 0. With `weightDecayMode: 'decoupled'`, each update subtracts `learningRate * weightDecay * weight`
   * from the weight. With `'coupled'`, it adds `weightDecay * weight` to the gradient, like the L2 penalty `weightDecay / 2 * weight ** 2`.
   * @defaultValue 0
   */
  readonly weightDecay?: number | undefined;
  /** `'decoupled'` shrinks the weight directly, as AdamW does. `'coupled'` adds the decay to the gradient. @defaultValue 'decoupled' */
  readonly weightDecayMode?: 'decoupled' | 'coupled' | undefined;
  /** Returns whether a weight decays. @defaultValue weights with at least two axes: kernels, but not biases or BatchNormalization */
  readonly decays?: ((weight: string, shape: readonly number[]) => boolean) | undefined;
  /** Clips every element of a gradient to [-clipValue, clipValue]. @defaultValue no clipping */
  readonly clipValue?: number | undefined;
  /** Clips the L2 norm of each gradient. @defaultValue no clipping */
  readonly clipNorm?: number | undefined;
  /** Clips the L2 norm of all gradients together. @defaultValue no clipping */
  readonly globalClipNorm?: number | undefined;
  /**
   * Number of batches whose gradients are averaged for one update. Schedules count updates here, whereas schedules in Keras count batches,
   * even with `gradient_accumulation_steps`. To reproduce a Keras schedule `s`, use
   * `(update) => s(update * accumulationSteps + accumulationSteps - 1)`.
   * @defaultValue 1
   */
  readonly accumulationSteps?: number | undefined;
  /** Returns the factor by which the learning rate of a weight is multiplied, for layer-wise rates. @defaultValue 1 for every weight */
  readonly rateOf?: ((weight: string) => number) | undefined;
}

/** Options of a {@link NamedOptimizer}. */
export interface NamedOptimizerOptions extends OptimizerOptions {
  readonly learningRate: number | Schedule;
}
