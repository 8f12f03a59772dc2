// The TensorFlow.js optimizer behind all optimizers of this library. It keeps state by weight name and discards steps that are not finite.
// The update rules are in optimizers.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, boolean, callable, check, isPlain, rule } from '../core/internal.js';
import { DataError, WeightsError } from '../core/index.js';
import { readNow, readsAtOnce } from '../layers/internal.js';
import { checkModel } from '../models/internal.js';
import { attempt, notFinite, type Attempt, type AttemptParts } from './attempt.js';
import { computeUpdate } from './computeUpdate.js';
import type { NamedOptimizerOptions, OptimizerOptions } from './optimizerOptions.js';
import { OptimizerState, type NamedTensor } from './optimizerState.js';
import type { Schedule } from './schedule.js';
import { withoutStateChanges, type Changes } from './stateChanges.js';
import { placeText, type TrainingPlace } from './trainingPlace.js';
import { createUnreadSteps } from './unreadSteps.js';
import type { UpdateRule } from './updateRule.js';

/** The name of the saved number of steps. */
const STEP = 'iter';

const variableRule = rule<tf.Variable>('a tf.Variable', (value) => value instanceof tf.Variable);
const namedTensor = rule<NamedTensor>('{ name, tensor }', (value) => {
  const { name, tensor } = (value ?? {}) as Partial<NamedTensor>;
  return typeof name === 'string' && tensor instanceof tf.Tensor;
});
/** The gradient of a weight that the loss does not depend on is `null`. */
const gradient = rule<tf.Tensor | null | undefined>(
  'a tensor',
  (value) => value === null || value === undefined || value instanceof tf.Tensor,
);
const gradientsRule = rule<tf.NamedTensorMap | NamedTensor[]>('gradients by variable name', (value) => {
  if (Array.isArray(value)) {
    return value.every((each: Partial<NamedTensor> | null | undefined) => typeof each?.name === 'string' && gradient.accepts(each.tensor));
  }
  return typeof value === 'object' && value !== null && isPlain(value) && Object.values(value).every(gradient.accepts);
});

/**
 * An optimizer that keeps its state by weight name, not by position in a list, so freezing and unfreezing layers cannot mix it up.
 *
 * Created by {@link sgd}, {@link rmsProp}, {@link rmsPropTF}, {@link adam} and {@link adamW}. State is saved under the weight's original
 * name, for example `stem_conv/kernel/momentum`, although TensorFlow.js names the variable of a second model `stem_conv/kernel_1`. Use one
 * optimizer per model: its number of steps, and so the position in a schedule, continues when it trains another model.
 */
// A class, because TensorFlow.js optimizers are classes.
export class NamedOptimizer extends tf.Optimizer {
  static readonly className = 'EffnetOptimizer';
  /** The learning rate or its schedule. It can be set at any time. */
  learningRate: number | Schedule;
  readonly rule: UpdateRule;
  readonly #options: OptimizerOptions;
  readonly #state: OptimizerState;
  readonly #unread = createUnreadSteps();
  #steps = 0;
  /** The current step of training, for errors. Set by callbacks and `fineTune`. @internal */
  place: TrainingPlace | undefined;
  /** Whether the optimizer ever took a step or loaded state. @internal */
  isUsed = false;

  constructor(rule: UpdateRule, options: NamedOptimizerOptions) {
    super();
    this.rule = rule;
    this.learningRate = options.learningRate;
    this.#options = options;
    this.#state = new OptimizerState(rule);
  }

  // tf.Optimizer accepts any object with three certain methods as an instance, which would make stock optimizers instances of this class.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      typeof value === 'object' &&
      value !== null &&
      (value as { getClassName?: (() => string) | undefined }).getClassName?.() === NamedOptimizer.className
    );
  }

  /** Number of updates so far, which is the step that a schedule receives. */
  override get iterations(): number {
    return Math.floor(this.#steps / (this.#options.accumulationSteps ?? 1));
  }

  /** The learning rate of the next update. */
  get currentRate(): number {
    return typeof this.learningRate === 'function' ? this.learningRate(this.iterations) : this.learningRate;
  }

  /** Reads the original weight names from a model. Without it, a number at the end of a variable name is assumed to be a suffix. */
  nameAfter(model: LayersModel): void {
    checkModel('NamedOptimizer.nameAfter', model);
    this.#state.nameAfter(model);
  }

  /**
   * Takes a step, unless its loss, gradients or new values are not finite. In that case nothing is assigned.
   *
   * @throws {EffnetError} when they are not finite. On WebGL and WebGPU one of the next steps throws it, because results arrive later
   *   there.
   * @throws {DataError} naming the step, when the loss rejects the labels.
   */
  override minimize(f: () => tf.Scalar, returnCost = false, varList?: tf.Variable[]): tf.Scalar | null {
    const where = 'NamedOptimizer.minimize';
    check(where, 'f', f, callable);
    check(where, 'returnCost', returnCost, boolean);
    if (varList !== undefined) check(where, 'varList', varList, arrayOf(variableRule));
    this.#throwFailure();
    const cost = this.#conclude(this.#attemptHere(f, varList));
    // `cost` is exempt from the caller's `tf.tidy`; the returned clone must not be.
    const returned = returnCost && cost !== undefined ? tf.clone(cost) : null;
    cost?.dispose();
    return returned;
  }

  /** Takes a step with the given gradients, and throws as {@link minimize} does. */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    check('NamedOptimizer.applyGradients', 'gradients', gradients, gradientsRule);
    this.#throwFailure();
    const list = Array.isArray(gradients) ? gradients : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    this.#conclude(attempt(() => this.#parts(undefined, present(list), new Map())));
  }

  /** Computes a step. The model changes when the step is taken. @internal */
  attempt(f: () => tf.Scalar, varList?: tf.Variable[]): Attempt {
    return attempt(() => {
      const {
        result: { value, grads },
        changes,
      } = withoutStateChanges(
        () => this.computeGradients(f, varList),
        (variable) => this.#state.has(variable),
      );
      return this.#parts(value, present(Object.entries(grads).map(([name, tensor]) => ({ name, tensor }))), changes);
    });
  }

  /**
   * Computes a step from gradients that were computed elsewhere. The model changes when the step is taken.
   *
   * @param changes - New values of other variables, such as moving statistics.
   * @internal
   */
  attemptWith(results: () => { readonly cost: tf.Scalar; readonly gradients: readonly NamedTensor[]; readonly changes: Changes }): Attempt {
    return attempt(() => {
      const { cost, gradients, changes } = results();
      return this.#parts(cost, gradients, changes);
    });
  }

  /** Computes a step. Errors about labels name the step, because `model.fit` does not. */
  #attemptHere(f: () => tf.Scalar, varList?: tf.Variable[]): Attempt {
    try {
      return this.attempt(f, varList);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const at = this.place === undefined ? `step ${this.#steps} of this optimizer` : placeText(this.place);
      this.place = undefined;
      throw new DataError(`${error.message.replace(/\.$/, '')} at ${at}.`, { cause: error, origin: error.origin });
    }
  }

  /** Waits until all steps so far are known to be finite. @throws {EffnetError} when one of them was not. */
  async settle(): Promise<void> {
    await this.#unread.wait();
    this.#throwFailure();
  }

  #parts(cost: tf.Scalar | undefined, gradients: readonly NamedTensor[], changes: Changes): AttemptParts {
    const state = this.#state;
    const { updated, watched } = computeUpdate(
      {
        rule: this.rule,
        options: { ...this.#options, learningRate: this.learningRate },
        state,
        steps: this.#steps,
        updates: this.iterations,
        place: this.place,
      },
      gradients,
      changes,
    );
    return {
      cost,
      changes,
      watched,
      gradients: gradients.map(({ name, tensor }) => ({ name: state.originalName(name), tensor })),
      nameOf: (variable) => {
        if (state.has(variable)) return { expected: 'a finite state of the optimizer' };
        return {
          expected: variable.trainable ? 'finite weights' : 'finite statistics of the batch',
          name: state.originalName(variable.name),
        };
      },
      onTaken: () => {
        for (const name of updated) state.countUpdate(name);
        this.#setSteps(this.#steps + 1);
      },
    };
  }

  /** Takes a step if it is finite, and returns its loss. Does not wait for the device. */
  #conclude(step: Attempt): tf.Scalar | undefined {
    if (!readsAtOnce()) return this.#unread.take(step, this.#notFinite(step.describe()));
    const { cost, flag } = step;
    if (readNow(flag)[0] === 0) {
      step.take();
      return cost;
    }
    const error = this.#notFinite(step.describe());
    step.drop();
    cost?.dispose();
    this.place = undefined;
    throw error;
  }

  #throwFailure(): void {
    const failure = this.#unread.takeFailure();
    if (failure === undefined) return;
    this.place = undefined;
    throw failure;
  }

  #notFinite(what: string): Error {
    const { place } = this;
    if (place !== undefined) return notFinite(place.where, what, placeText(place));
    return notFinite(
      this.rule.name,
      what,
      `step ${this.#steps} of this optimizer (add a callback such as \`terminateOnNaN()\` to see the epoch)`,
    );
  }

  #setSteps(steps: number): void {
    this.#steps = steps;
    this.iterations_ = this.iterations;
    this.isUsed = true;
  }

  /**
   * Returns the state as `weight/slot` under original weight names, preceded by the number of steps. The caller must dispose the tensors.
   */
  override getWeights(): Promise<NamedTensor[]> {
    return Promise.resolve([{ name: STEP, tensor: tf.scalar(this.#steps, 'int32') }, ...this.#state.save()]);
  }

  /**
   * Replaces the state with a copy of a saved one. Each weight finds its own state by name at its next update.
   *
   * @throws {WeightsError} when the state was saved by another kind of optimizer.
   */
  override async setWeights(state: NamedTensor[]): Promise<void> {
    check('NamedOptimizer.setWeights', 'state', state, arrayOf(namedTensor));
    const count = state.find(({ name }) => name === STEP);
    if (count === undefined)
      throw new WeightsError(
        `${this.rule.name}: expected the state of an optimizer, including its number of steps '${STEP}', ` +
          `received ${state.length} tensors without it.`,
      );
    const [steps = 0] = await count.tensor.data();
    await this.#state.load(state.filter(({ name }) => name !== STEP));
    this.#unread.reset();
    this.#setSteps(steps);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { rule: this.rule.name, learningRate: this.currentRate };
  }

  /** Frees the state. */
  override dispose(): void {
    this.#state.release();
    this.#unread.reset();
    this.#steps = 0;
  }
}

function present(gradients: readonly NamedTensor[]): readonly NamedTensor[] {
  return gradients.filter(({ tensor }) => (tensor as tf.Tensor | null | undefined) != null);
}
