// What all our optimizers share: state kept by weight, decay, clipping, accumulation, rates. The update rules are in optimizers.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { WeightsError, showShape } from '../core/index.js';
import { namedWeights } from '../weights/index.js';
import type { Schedule } from './schedules.js';

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** A rate, or a schedule of the updates made so far. With `accumulationSteps`, an update is not a batch. */
  readonly learningRate?: number | Schedule;
  /** Share of a weight taken away a step: times the rate when decoupled, as half the weight of an L2 penalty when coupled. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Decoupled shrinks the weight itself (AdamW); coupled adds `weightDecay * weight` to the gradient. @defaultValue 'decoupled' */
  readonly weightDecayMode?: 'decoupled' | 'coupled';
  /** Which weights decay, by name. @defaultValue those of more than one axis: kernels, and neither biases nor BatchNormalization */
  readonly decays?: (weight: string, shape: readonly number[]) => boolean;
  /** Limits each number of a gradient to [-clipValue, clipValue]. @defaultValue none */
  readonly clipValue?: number;
  /** Limits the norm of each weight's gradient. @defaultValue none */
  readonly clipNorm?: number;
  /** Limits the norm of all gradients together. @defaultValue none */
  readonly globalClipNorm?: number;
  /**
   * Batches whose mean gradient makes one update. A schedule counts updates; one of Keras counts batches, with `gradient_accumulation_steps` too.
   * A Keras schedule `s` has the same rates here as `(update) => s(update * accumulationSteps + accumulationSteps - 1)`.
   * @defaultValue 1
   */
  readonly accumulationSteps?: number;
  /** What a weight's rate is multiplied by: layer-wise rates. @defaultValue 1 for all */
  readonly rateOf?: (weight: string) => number;
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

interface NamedTensor {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

const ACCUMULATED = 'accumulated';
const STEP = 'iter';
/** A scalar beside the slots: how often the weight was updated. */
const UPDATES = 'updates';

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
  /** State by the variable's name, which is unique in the process, then by slot. */
  readonly #slots = new Map<string, Map<string, tf.Variable>>();
  /** Saved state that waits for its weight, by original name. */
  readonly #waiting = new Map<string, Map<string, tf.Tensor>>();
  readonly #updates = new Map<string, number>();
  readonly #waitingUpdates = new Map<string, number>();
  readonly #originalNames = new Map<string, string>();
  #steps = 0;

  constructor(rule: UpdateRule, options: OptimizerOptions & { readonly learningRate: number | Schedule }) {
    super();
    this.rule = rule;
    this.learningRate = options.learningRate;
    this.#options = options;
  }

  // tf.Optimizer calls everything with three methods its instance; that would make stock optimizers ours.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as { getClassName?: () => string }).getClassName?.() === NamedOptimizer.className;
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
    for (const [name, weight] of namedWeights(model)) this.#originalNames.set(weight.name, name);
  }

  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const list = Array.isArray(gradients) ? gradients : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    const present = list.filter(({ tensor }) => (tensor as tf.Tensor | null | undefined) != null);
    const { accumulationSteps = 1 } = this.#options;
    const due = (this.#steps + 1) % accumulationSteps === 0;
    tf.tidy(() => {
      if (accumulationSteps === 1) {
        this.#update(present);
        return;
      }
      const sums = present.map(({ name, tensor }) => {
        const sum = this.#slot(name, ACCUMULATED, 0);
        sum.assign(tf.add(sum, tensor));
        return { name, sum };
      });
      if (!due) return;
      this.#update(sums.map(({ name, sum }) => ({ name, tensor: tf.div(sum, accumulationSteps) })));
      for (const { sum } of sums) sum.assign(tf.zerosLike(sum));
    });
    this.#steps += 1;
    this.iterations_ = this.iterations;
  }

  /** The state under original names, `weight/slot`, with the count of steps first; the caller disposes the tensors. */
  override getWeights(): Promise<NamedTensor[]> {
    const state: NamedTensor[] = [{ name: STEP, tensor: tf.scalar(this.#steps, 'int32') }];
    for (const [variable, slots] of this.#slots) {
      const name = this.#originalName(variable);
      for (const [slot, value] of slots) state.push({ name: `${name}/${slot}`, tensor: tf.clone(value) });
      state.push({ name: `${name}/${UPDATES}`, tensor: tf.scalar(this.#updates.get(variable) ?? 0, 'int32') });
    }
    for (const [name, slots] of this.#waiting) {
      for (const [slot, value] of slots) state.push({ name: `${name}/${slot}`, tensor: tf.clone(value) });
    }
    for (const [name, updates] of this.#waitingUpdates) state.push({ name: `${name}/${UPDATES}`, tensor: tf.scalar(updates, 'int32') });
    return Promise.resolve(state);
  }

  /** Takes saved state over; each weight finds its own by name at its next update. The tensors are copied. */
  override async setWeights(state: NamedTensor[]): Promise<void> {
    const count = state.find(({ name }) => name === STEP);
    if (count === undefined) throw new WeightsError(`${this.rule.name}: expected the state of an optimizer with its count '${STEP}', received ${state.length} tensors without.`);
    const slots = state.filter(({ name }) => name !== STEP).map(({ name, tensor }) => {
      const end = name.lastIndexOf('/');
      return { name, weight: name.slice(0, end), slot: name.slice(end + 1), tensor };
    });
    for (const { name, slot } of slots) {
      if (slot === ACCUMULATED || slot === UPDATES || Object.hasOwn(this.rule.slots, slot)) continue;
      throw new WeightsError(`${this.rule.name}: expected slots ${Object.keys(this.rule.slots).join(', ') || '(none)'}, received '${name}'. It is another optimizer's state.`);
    }
    const [steps = 0] = await count.tensor.data();
    this.#release();
    this.#steps = steps;
    this.iterations_ = this.iterations;
    for (const { weight, slot, tensor } of slots) {
      if (slot === UPDATES) {
        this.#waitingUpdates.set(weight, (await tensor.data())[0] ?? 0);
        continue;
      }
      const waiting = this.#waiting.get(weight) ?? new Map<string, tf.Tensor>();
      waiting.set(slot, tf.keep(tf.clone(tensor)));
      this.#waiting.set(weight, waiting);
    }
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { rule: this.rule.name, learningRate: this.currentRate };
  }

  /** Frees the state. */
  override dispose(): void {
    this.#release();
    this.#steps = 0;
  }

  #update(gradients: readonly NamedTensor[]): void {
    const { weightDecay = 0, weightDecayMode = 'decoupled', rateOf, decays = (_, shape) => shape.length > 1 } = this.#options;
    const base = this.currentRate;
    for (const { name, tensor } of this.#clipped(gradients)) {
      const variable = variableNamed(name);
      const original = this.#originalName(name);
      const rate = base * (rateOf?.(original) ?? 1);
      const decay = weightDecay > 0 && decays(original, variable.shape) ? weightDecay : 0;
      const weight = decay > 0 && weightDecayMode === 'decoupled' ? tf.mul(variable, 1 - rate * decay) : variable;
      const gradient = decay > 0 && weightDecayMode === 'coupled' ? tf.add(tensor, tf.mul(variable, decay)) : tensor;
      const slot = (key: string): tf.Variable => this.#slot(name, key, this.rule.slots[key] ?? 0);
      const write = (key: string, value: tf.Tensor): tf.Tensor => {
        slot(key).assign(value);
        return value;
      };
      if (!this.#slots.has(name)) this.#adopt(name);
      const step = this.#updates.get(name) ?? 0;
      variable.assign(this.rule.update({ weight, gradient, rate, step, read: slot, write }));
      this.#updates.set(name, step + 1);
    }
  }

  #clipped(gradients: readonly NamedTensor[]): readonly NamedTensor[] {
    const { clipValue, clipNorm, globalClipNorm } = this.#options;
    if (clipValue !== undefined) return gradients.map(({ name, tensor }) => ({ name, tensor: tf.clipByValue(tensor, -clipValue, clipValue) }));
    if (clipNorm !== undefined) return gradients.map(({ name, tensor }) => ({ name, tensor: limitNorm(tensor, tf.norm(tensor), clipNorm) }));
    if (globalClipNorm === undefined || gradients.length === 0) return gradients;
    const norm = tf.sqrt(tf.addN(gradients.map(({ tensor }) => tf.sum(tf.square(tensor)))));
    return gradients.map(({ name, tensor }) => ({ name, tensor: limitNorm(tensor, norm, globalClipNorm) }));
  }

  #slot(variable: string, slot: string, initial: number): tf.Variable {
    const slots = this.#slots.get(variable) ?? this.#adopt(variable);
    let value = slots.get(slot);
    if (value === undefined) {
      const { shape } = variableNamed(variable);
      value = tf.variable(tf.fill(shape, initial), false);
      slots.set(slot, value);
    }
    return value;
  }

  // The weight's saved state, if any waits for it.
  #adopt(variable: string): Map<string, tf.Variable> {
    const slots = new Map<string, tf.Variable>();
    this.#slots.set(variable, slots);
    const original = this.#originalName(variable);
    this.#updates.set(variable, this.#waitingUpdates.get(original) ?? 0);
    this.#waitingUpdates.delete(original);
    const saved = this.#waiting.get(original);
    if (saved === undefined) return slots;
    const { shape } = variableNamed(variable);
    for (const [slot, value] of saved) {
      if (!tf.util.arraysEqual(value.shape, shape)) {
        throw new WeightsError(`${this.rule.name}: expected state ${showShape(shape)} for '${original}', received ${showShape(value.shape)}. It is another model's.`);
      }
      slots.set(slot, tf.variable(value, false));
      value.dispose();
    }
    this.#waiting.delete(original);
    return slots;
  }

  #originalName(variable: string): string {
    return this.#originalNames.get(variable) ?? variable.replace(/_\d+$/, '');
  }

  #release(): void {
    for (const kept of [this.#slots, this.#waiting]) {
      for (const slots of kept.values()) tf.dispose([...slots.values()]);
      kept.clear();
    }
    this.#updates.clear();
    this.#waitingUpdates.clear();
  }
}

function variableNamed(name: string): tf.Variable {
  const variable = tf.engine().registeredVariables[name];
  if (variable === undefined) throw new WeightsError(`NamedOptimizer: expected the gradient of a variable, received one for '${name}', which is none or was disposed.`);
  return variable;
}

function limitNorm(gradient: tf.Tensor, norm: tf.Tensor, limit: number): tf.Tensor {
  return tf.mul(gradient, tf.div(limit, tf.maximum(norm, limit)));
}
