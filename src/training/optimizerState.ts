// The state of an optimizer: the slots of every weight, and how often each weight was updated. State is kept by name, not by position.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { showShape } from '../core/internal.js';
import { namedWeights } from '../weights/index.js';

/** A tensor and its name. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

/** The slot that sums gradients, in addition to the slots of the update rule. */
export const ACCUMULATED = 'accumulated';
/** The name under which the number of updates of a weight is saved. */
const UPDATES = 'updates';

/** The state of an optimizer, by weight. */
export class OptimizerState {
  readonly #rule: { readonly name: string; readonly slots: Readonly<Record<string, number>> };
  /** Slots by variable name, which is unique within the process, then by slot name. */
  readonly #slots = new Map<string, Map<string, tf.Variable>>();
  readonly #slotVariables = new Set<tf.Variable>();
  /** Loaded slots of weights that were not updated since, by original name, then by slot name. */
  readonly #waiting = new Map<string, Map<string, tf.Tensor>>();
  readonly #updates = new Map<string, number>();
  readonly #waitingUpdates = new Map<string, number>();
  readonly #originalNames = new Map<string, string>();

  /** @param rule - The optimizer's name, for errors, and the initial values of its slots. */
  constructor(rule: { readonly name: string; readonly slots: Readonly<Record<string, number>> }) {
    this.#rule = rule;
  }

  /** Reads the original weight names from a model. */
  nameAfter(model: LayersModel): void {
    for (const [name, weight] of namedWeights(model)) this.#originalNames.set(weight.name, name);
  }

  /** Returns the name of a weight in its model. TensorFlow.js names the variable of a second model `stem_conv/kernel_1`. */
  originalName(variable: string): string {
    return this.#originalNames.get(variable) ?? variable.replace(/_\d+$/, '');
  }

  /** Returns whether a variable is a slot. */
  has(variable: tf.Variable): boolean {
    return this.#slotVariables.has(variable);
  }

  /** Returns how often a weight was updated, including updates before the state was saved. */
  updatesOf(variable: string): number {
    this.#slotsOf(variable);
    return this.#updates.get(variable) ?? 0;
  }

  countUpdate(variable: string): void {
    this.#updates.set(variable, (this.#updates.get(variable) ?? 0) + 1);
  }

  /** Returns a slot of a weight, and creates it with its initial value if necessary. */
  slot(variable: string, slot: string): tf.Variable {
    const slots = this.#slotsOf(variable);
    const value = slots.get(slot);
    return (
      value ??
      this.#add(
        slots,
        slot,
        tf.tidy(() => tf.variable(tf.fill(variableNamed(variable).shape, this.#rule.slots[slot] ?? 0), false)),
      )
    );
  }

  /** Returns the state as `weight/slot` under original weight names. The caller must dispose the tensors. */
  save(): NamedTensor[] {
    const updates = (name: string, count: number): NamedTensor => ({ name: `${name}/${UPDATES}`, tensor: tf.scalar(count, 'int32') });
    const state: NamedTensor[] = [];
    for (const [variable, slots] of this.#slots) {
      const name = this.originalName(variable);
      for (const [slot, value] of slots) state.push({ name: `${name}/${slot}`, tensor: tf.clone(value) });
      state.push(updates(name, this.#updates.get(variable) ?? 0));
    }
    for (const [name, slots] of this.#waiting) {
      for (const [slot, value] of slots) state.push({ name: `${name}/${slot}`, tensor: tf.clone(value) });
    }
    for (const [name, count] of this.#waitingUpdates) state.push(updates(name, count));
    return state;
  }

  /**
   * Replaces the state with a copy of a saved one. Each weight finds its own state by name at its next update.
   *
   * @throws {WeightsError} before anything changes, when the state was saved by another kind of optimizer.
   */
  async load(state: readonly NamedTensor[]): Promise<void> {
    const slots = state.map(({ name, tensor }) => {
      const end = name.lastIndexOf('/');
      return { name, weight: name.slice(0, end), slot: name.slice(end + 1), tensor };
    });
    for (const { name, slot } of slots) {
      if (slot === ACCUMULATED || slot === UPDATES || Object.hasOwn(this.#rule.slots, slot)) continue;
      throw new WeightsError(
        `${this.#rule.name}: expected slots ${Object.keys(this.#rule.slots).join(', ') || '(none)'}, received '${name}'. ` +
          `The state was saved by another kind of optimizer.`,
      );
    }
    this.release();
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

  /** Frees all slots. */
  release(): void {
    for (const kept of [this.#slots, this.#waiting]) {
      for (const slots of kept.values()) tf.dispose([...slots.values()]);
      kept.clear();
    }
    this.#slotVariables.clear();
    this.#updates.clear();
    this.#waitingUpdates.clear();
  }

  /** Returns the slots of a weight, including those that were loaded for it. */
  #slotsOf(variable: string): Map<string, tf.Variable> {
    const known = this.#slots.get(variable);
    if (known !== undefined) return known;
    const slots = new Map<string, tf.Variable>();
    this.#slots.set(variable, slots);
    const original = this.originalName(variable);
    this.#updates.set(variable, this.#waitingUpdates.get(original) ?? 0);
    this.#waitingUpdates.delete(original);
    const saved = this.#waiting.get(original);
    if (saved === undefined) return slots;
    const { shape } = variableNamed(variable);
    for (const [slot, value] of saved) {
      if (!tf.util.arraysEqual(value.shape, shape)) {
        throw new WeightsError(
          `${this.#rule.name}: expected state ${showShape(shape)} for '${original}', received ${showShape(value.shape)}. ` +
            `The state was saved for another model.`,
        );
      }
      this.#add(slots, slot, tf.variable(value, false));
      value.dispose();
    }
    this.#waiting.delete(original);
    return slots;
  }

  #add(slots: Map<string, tf.Variable>, slot: string, variable: tf.Variable): tf.Variable {
    slots.set(slot, variable);
    this.#slotVariables.add(variable);
    return variable;
  }
}

/** Returns the variable of a name. @throws {WeightsError} when there is none. */
export function variableNamed(name: string): tf.Variable {
  const variable = tf.engine().registeredVariables[name];
  if (variable === undefined)
    throw new WeightsError(
      `NamedOptimizer: expected gradients of variables, received one for '${name}', which is not a variable or was disposed.`,
    );
  return variable;
}
