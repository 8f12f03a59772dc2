// What all our optimizers share: state kept by weight, decay, clipping, accumulation, rates, and that no step spoils a weight. The update
// rules are in optimizers.ts, how a step is checked in attempt.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, boolean, callable, check, isPlain, rule } from '../core/internal.js';
import { DataError, WeightsError } from '../core/index.js';
import { readNow, readsAtOnce } from '../layers/internal.js';
import { checkModel } from '../models/internal.js';
import { attempt, notFinite, type Attempt, type AttemptParts } from './attempt.js';
import { checkRate } from './checkRate.js';
import { ACCUMULATED, OptimizerState, variableNamed, type NamedTensor } from './optimizerState.js';
import type { Schedule } from './schedules.js';
import { withoutStateChanges, type Changes } from './stateChanges.js';
import { placeText, type TrainingPlace } from './trainingPlace.js';

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** A rate, or a schedule of the updates made so far. With `accumulationSteps`, an update is not a batch. */
  readonly learningRate?: number | Schedule | undefined;
  /**
   * Share of a weight taken away a step: times the rate when decoupled, as half the weight of an L2 penalty when coupled.
   * @defaultValue 0
   */
  readonly weightDecay?: number | undefined;
  /** Decoupled shrinks the weight itself (AdamW); coupled adds `weightDecay * weight` to the gradient. @defaultValue 'decoupled' */
  readonly weightDecayMode?: 'decoupled' | 'coupled' | undefined;
  /** Which weights decay, by name. @defaultValue those of more than one axis: kernels, and neither biases nor BatchNormalization */
  readonly decays?: ((weight: string, shape: readonly number[]) => boolean) | undefined;
  /** Limits each number of a gradient to [-clipValue, clipValue]. @defaultValue none */
  readonly clipValue?: number | undefined;
  /** Limits the norm of each weight's gradient. @defaultValue none */
  readonly clipNorm?: number | undefined;
  /** Limits the norm of all gradients together. @defaultValue none */
  readonly globalClipNorm?: number | undefined;
  /**
   * Batches whose mean gradient makes one update. A schedule counts updates; one of Keras counts batches, with
   * `gradient_accumulation_steps` too. A Keras schedule `s` has the same rates here as
   * `(update) => s(update * accumulationSteps + accumulationSteps - 1)`.
   * @defaultValue 1
   */
  readonly accumulationSteps?: number | undefined;
  /** What a weight's rate is multiplied by: layer-wise rates. @defaultValue 1 for all */
  readonly rateOf?: ((weight: string) => number) | undefined;
}

/** What a {@link NamedOptimizer} takes. */
export interface NamedOptimizerOptions extends OptimizerOptions {
  readonly learningRate: number | Schedule;
}

/** One weight, its gradient, its state and where training stands. */
export interface Update {
  readonly weight: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly rate: number;
  /** Updates of this weight before this one: one that was frozen begins anew. */
  readonly step: number;
  /** Reads a slot of the weight; `next` gives its new value. */
  readonly read: (slot: string) => tf.Tensor;
  /** Sets a slot and returns its new value. */
  readonly write: (slot: string, value: tf.Tensor) => tf.Tensor;
}

/** An optimizer as data: its slots with their first values, and what an update returns: the weight's new value. */
export interface UpdateRule {
  readonly name: string;
  readonly slots: Readonly<Record<string, number>>;
  readonly update: (update: Update) => tf.Tensor;
}

const STEP = 'iter';

const variableRule = rule<tf.Variable>('a tf.Variable', (value) => value instanceof tf.Variable);
const namedTensor = rule<NamedTensor>('{ name, tensor }', (value) => {
  const { name, tensor } = (value ?? {}) as Partial<NamedTensor>;
  return typeof name === 'string' && tensor instanceof tf.Tensor;
});
/** A weight without gradient has `null`. */
const gradient = rule<tf.Tensor | null | undefined>(
  'a tensor',
  (value) => value === null || value === undefined || value instanceof tf.Tensor,
);
const gradientsRule = rule<tf.NamedTensorMap | NamedTensor[]>('gradients by the name of their variable', (value) => {
  if (Array.isArray(value)) {
    return value.every((each: Partial<NamedTensor> | null | undefined) => typeof each?.name === 'string' && gradient.accepts(each.tensor));
  }
  return typeof value === 'object' && value !== null && isPlain(value) && Object.values(value).every(gradient.accepts);
});

/**
 * An optimizer whose state belongs to weights, not to places in a list: freezing and unfreezing cannot mix it up.
 *
 * State is saved under the weight's original name (`stem_conv/kernel/momentum`), though a second model's variables are named
 * `stem_conv/kernel_1`. Made by {@link sgd}, {@link rmsProp}, {@link rmsPropTF}, {@link adam} and {@link adamW}; a class because
 * TensorFlow.js optimizers are.
 */
export class NamedOptimizer extends tf.Optimizer {
  static readonly className = 'EffnetOptimizer';
  /** The rate, or its schedule; may be set at any time. */
  learningRate: number | Schedule;
  readonly rule: UpdateRule;
  readonly #options: OptimizerOptions;
  readonly #state: OptimizerState;
  #steps = 0;
  /** Where training stands, as a callback or `fineTune` tells. @internal */
  place: TrainingPlace | undefined;
  /** On a backend that is read later: a scalar that is 0 until a step was not finite, and NaN from then on. */
  #unsound: tf.Variable | undefined;
  #failure: Error | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(rule: UpdateRule, options: NamedOptimizerOptions) {
    super();
    this.rule = rule;
    this.learningRate = options.learningRate;
    this.#options = options;
    this.#state = new OptimizerState(rule);
  }

  // tf.Optimizer calls everything with three methods its instance; that would make stock optimizers ours.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      typeof value === 'object' &&
      value !== null &&
      (value as { getClassName?: (() => string) | undefined }).getClassName?.() === NamedOptimizer.className
    );
  }

  /** Updates made so far: the step a schedule sees. */
  override get iterations(): number {
    return Math.floor(this.#steps / (this.#options.accumulationSteps ?? 1));
  }

  /** The rate of the next update. */
  get currentRate(): number {
    return typeof this.learningRate === 'function' ? this.learningRate(this.iterations) : this.learningRate;
  }

  /** Learns the original names of a model's weights. Without it, a number at the end of a variable's name is taken for a suffix. */
  nameAfter(model: LayersModel): void {
    checkModel('NamedOptimizer.nameAfter', model);
    this.#state.nameAfter(model);
  }

  /**
   * Makes a step, unless its loss, gradients or results are not finite: nothing is assigned then.
   *
   * @throws {EffnetError} when they are not finite; on WebGL and WebGPU at one of the next steps, since results are read later there.
   * @throws {DataError} naming the step, when the loss refuses the labels.
   */
  override minimize(f: () => tf.Scalar, returnCost = false, varList?: tf.Variable[]): tf.Scalar | null {
    const where = 'NamedOptimizer.minimize';
    check(where, 'f', f, callable);
    check(where, 'returnCost', returnCost, boolean);
    if (varList !== undefined) check(where, 'varList', varList, arrayOf(variableRule));
    this.#throwFailure();
    const cost = this.#conclude(this.#attemptHere(f, varList));
    // What an attempt keeps outlives a `tidy`; what is returned shall not.
    const returned = returnCost && cost !== undefined ? tf.clone(cost) : null;
    cost?.dispose();
    return returned;
  }

  /** Makes a step of gradients that were computed elsewhere, under the conditions of {@link minimize}. */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    check('NamedOptimizer.applyGradients', 'gradients', gradients, gradientsRule);
    this.#throwFailure();
    const list = Array.isArray(gradients) ? gradients : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    this.#conclude(attempt(() => this.#parts(undefined, present(list), new Map())));
  }

  /** Computes a step and leaves the model as it is until the step is taken. @internal */
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

  /** An attempt whose error says at which step the labels of a batch are wrong: `fit` itself does not tell. */
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

  /** Waits until all steps so far are known to be finite. @throws {EffnetError} when one was not. */
  async settle(): Promise<void> {
    await this.#reading;
    this.#throwFailure();
  }

  #parts(cost: tf.Scalar | undefined, gradients: readonly NamedTensor[], changes: Changes): AttemptParts {
    const { accumulationSteps = 1, clipValue, clipNorm, globalClipNorm } = this.#options;
    const due = (this.#steps + 1) % accumulationSteps === 0;
    // What clipping would hide; everything else shows in the new values.
    const watched: tf.Tensor[] = [clipValue, clipNorm, globalClipNorm].every((limit) => limit === undefined)
      ? []
      : gradients.map(({ tensor }) => tensor);
    const updated: string[] = [];
    if (accumulationSteps === 1) this.#update(gradients, changes, watched, updated);
    else {
      const sums = gradients.map(({ name, tensor }) => {
        const sum = this.#state.slot(name, ACCUMULATED);
        return { name, sum, tensor: tf.add(sum, tensor) };
      });
      if (due)
        this.#update(
          sums.map(({ name, tensor }) => ({ name, tensor: tf.div(tensor, accumulationSteps) })),
          changes,
          watched,
          updated,
        );
      for (const { sum, tensor } of sums) changes.set(sum, due ? tf.zerosLike(sum) : tensor);
      if (due) watched.push(...sums.map(({ tensor }) => tensor));
    }
    return {
      cost,
      changes,
      watched,
      gradients: gradients.map(({ name, tensor }) => ({ name: this.#state.originalName(name), tensor })),
      nameOf: (variable) => {
        if (this.#state.has(variable)) return { expected: 'a finite state of the optimizer' };
        return {
          expected: variable.trainable ? 'finite weights' : 'finite statistics of the batch',
          name: this.#state.originalName(variable.name),
        };
      },
      onTaken: () => {
        for (const name of updated) this.#state.countUpdate(name);
        this.#steps += 1;
        this.iterations_ = this.iterations;
      },
    };
  }

  /** Takes a step if it is finite, without waiting; returns its loss. */
  #conclude(step: Attempt): tf.Scalar | undefined {
    const { cost, flag } = step;
    if (!readsAtOnce()) return this.#takeUnread(step);
    if (readNow(flag)[0] === 0) {
      step.take();
      return cost;
    }
    const what = step.describe();
    step.drop();
    cost?.dispose();
    const error = this.#notFinite(what);
    this.place = undefined;
    throw error;
  }

  // The device itself keeps the old values, until the flag has come back and the error can be told.
  #takeUnread(step: Attempt): tf.Scalar | undefined {
    const { cost, flag } = step;
    const unsound = (this.#unsound ??= tf.tidy(() => tf.variable(tf.scalar(0), false)));
    const { shown, ok, sum } = tf.tidy(() => {
      const total = tf.add<tf.Scalar>(unsound, flag);
      return { sum: total, ok: tf.equal(total, 0), shown: cost === undefined ? undefined : tf.add<tf.Scalar>(cost, total) };
    });
    unsound.assign(sum);
    const error = this.#notFinite(step.describe());
    this.#reading = sum.data().then(([value]) => {
      sum.dispose();
      if (value !== 0) this.#failure ??= error;
    });
    // A lost device is told by whatever is read next.
    this.#reading.catch(() => undefined);
    step.take(ok);
    tf.dispose(ok);
    cost?.dispose();
    return shown;
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    this.place = undefined;
    this.#forgetFailure();
    throw failure;
  }

  #notFinite(what: string): Error {
    const { place } = this;
    if (place !== undefined) return notFinite(place.where, what, placeText(place));
    return notFinite(
      this.rule.name,
      what,
      `step ${this.#steps} of this optimizer (a callback such as \`terminateOnNaN()\` makes it tell the epoch)`,
    );
  }

  /** The state under original names, `weight/slot`, with the count of steps first; the caller disposes the tensors. */
  override getWeights(): Promise<NamedTensor[]> {
    return Promise.resolve([{ name: STEP, tensor: tf.scalar(this.#steps, 'int32') }, ...this.#state.save()]);
  }

  /** Takes saved state over; each weight finds its own by name at its next update. The tensors are copied. */
  override async setWeights(state: NamedTensor[]): Promise<void> {
    check('NamedOptimizer.setWeights', 'state', state, arrayOf(namedTensor));
    const count = state.find(({ name }) => name === STEP);
    if (count === undefined)
      throw new WeightsError(
        `${this.rule.name}: expected the state of an optimizer with its count '${STEP}', received ${state.length} tensors without.`,
      );
    const [steps = 0] = await count.tensor.data();
    await this.#state.load(state.filter(({ name }) => name !== STEP));
    this.#forgetFailure();
    this.#steps = steps;
    this.iterations_ = this.iterations;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { rule: this.rule.name, learningRate: this.currentRate };
  }

  /** Frees the state. */
  override dispose(): void {
    this.#state.release();
    this.#forgetFailure();
    this.#steps = 0;
  }

  /** Adds the new values of weights and slots to `changes`. */
  #update(gradients: readonly NamedTensor[], changes: Changes, watched: tf.Tensor[], updated: string[]): void {
    const { weightDecay = 0, weightDecayMode = 'decoupled', rateOf, decays = (_, shape) => shape.length > 1 } = this.#options;
    const base = checkRate(this.rule.name, this.currentRate, this.iterations, this.place);
    for (const { name, tensor } of this.#clipped(gradients, watched)) {
      const variable = variableNamed(name);
      const original = this.#state.originalName(name);
      const rate = checkRate(this.rule.name, base * (rateOf?.(original) ?? 1), this.iterations, this.place, original);
      const decay = weightDecay > 0 && decays(original, variable.shape) ? weightDecay : 0;
      const weight = decay > 0 && weightDecayMode === 'decoupled' ? tf.mul(variable, 1 - rate * decay) : variable;
      const gradient = decay > 0 && weightDecayMode === 'coupled' ? tf.add(tensor, tf.mul(variable, decay)) : tensor;
      const slot = (key: string): tf.Variable => this.#state.slot(name, key);
      const read = (key: string): tf.Tensor => changes.get(slot(key)) ?? slot(key);
      const write = (key: string, value: tf.Tensor): tf.Tensor => {
        changes.set(slot(key), value);
        return value;
      };
      changes.set(variable, this.rule.update({ weight, gradient, rate, step: this.#state.updatesOf(name), read, write }));
      updated.push(name);
    }
  }

  /** Norms go to `watched`: one that overflows would make every gradient 0. */
  #clipped(gradients: readonly NamedTensor[], watched: tf.Tensor[]): readonly NamedTensor[] {
    const { clipValue, clipNorm, globalClipNorm } = this.#options;
    if (clipValue !== undefined)
      return gradients.map(({ name, tensor }) => ({ name, tensor: tf.clipByValue(tensor, -clipValue, clipValue) }));
    if (clipNorm !== undefined) {
      return gradients.map(({ name, tensor }) => {
        const norm = tf.norm(tensor);
        watched.push(norm);
        return { name, tensor: limitNorm(tensor, norm, clipNorm) };
      });
    }
    if (globalClipNorm === undefined || gradients.length === 0) return gradients;
    const norm = tf.sqrt(tf.addN(gradients.map(({ tensor }) => tf.sum(tf.square(tensor)))));
    watched.push(norm);
    return gradients.map(({ name, tensor }) => ({ name, tensor: limitNorm(tensor, norm, globalClipNorm) }));
  }

  #forgetFailure(): void {
    this.#unsound?.dispose();
    this.#unsound = undefined;
    this.#failure = undefined;
  }
}

function present(gradients: readonly NamedTensor[]): readonly NamedTensor[] {
  return gradients.filter(({ tensor }) => (tensor as tf.Tensor | null | undefined) != null);
}

function limitNorm(gradient: tf.Tensor, norm: tf.Tensor, limit: number): tf.Tensor {
  return tf.mul(gradient, tf.div(limit, tf.maximum(norm, limit)));
}
