// What an optimizer remembers of every weight: its slots, and how often the weight was updated. Kept by name, not by place in a list.

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

/** The slot in which gradients are summed, beside those of the rule. */
export const ACCUMULATED = 'accumulated';
/** A scalar beside the slots: how often the weight was updated. */
const UPDATES = 'updates';

/** The state of an optimizer, by weight. A class because a dozen functions share it. */
export class OptimizerState {
  readonly #rule: { readonly name: string; readonly slots: Readonly<Record<string, number>> };
  /** State by the variable's name, which is unique in the process, then by slot. */
  readonly #slots = new Map<string, Map<string, tf.Variable>>();
  readonly #slotVariables = new Set<tf.Variable>();
  /** Saved state that waits for its weight, by original name. */
  readonly #waiting = new Map<string, Map<string, tf.Tensor>>();
  readonly #updates = new Map<string, number>();
  readonly #waitingUpdates = new Map<string, number>();
  readonly #originalNames = new Map<string, string>();

  /** @param rule - The optimizer's name, for errors, and its slots with their first values. */
  constructor(rule: { readonly name: string; readonly slots: Readonly<Record<string, number>> }) {
    this.#rule = rule;
  }

  /** Learns the original names of a model's weights. */
  nameAfter(model: LayersModel): void {
    for (const [name, weight] of namedWeights(model)) this.#originalNames.set(weight.name, name);
  }

  /** The name of a weight in its model, where the variable of a second model is called `stem_conv/kernel_1`. */
  originalName(variable: string): string {
    return this.#originalNames.get(variable) ?? variable.replace(/_\d+$/, '');
  }

  /** Whether a variable is a slot. */
  has(variable: tf.Variable): boolean {
    return this.#slotVariables.has(variable);
  }

  /** How often a weight was updated, the time before it was saved included. */
  updatesOf(variable: string): number {
    this.#slotsOf(variable);
    return this.#updates.get(variable) ?? 0;
  }

  countUpdate(variable: string): void {
    this.#updates.set(variable, (this.#updates.get(variable) ?? 0) + 1);
  }

  /** A slot of a weight, made with its first value where there is none. */
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

  /** The state under original names, `weight/slot`; the caller disposes the tensors. */
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
   * Replaces the state by a saved one, which is copied; each weight finds its own by name when it is updated next.
   *
   * @throws {WeightsError} before anything changes, when it is another optimizer's.
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
          `It is another optimizer's state.`,
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

  /** The slots of a weight, with its saved state if any waits for it. */
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
            `It is another model's.`,
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

/** The variable of that name; {@link WeightsError} where there is none. */
export function variableNamed(name: string): tf.Variable {
  const variable = tf.engine().registeredVariables[name];
  if (variable === undefined)
    throw new WeightsError(
      `NamedOptimizer: expected the gradient of a variable, received one for '${name}', which is none or was disposed.`,
    );
  return variable;
}
