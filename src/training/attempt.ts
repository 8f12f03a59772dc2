// A training step that is computed and checked before any of its results is assigned to the model.

import * as tf from '@tensorflow/tfjs-core';
import { EffnetError } from '../core/index.js';
import { finiteFlag, readNow, readsAtOnce } from '../layers/internal.js';
import type { Changes } from './stateChanges.js';

/** A step that was computed but not taken yet. Call either `take` or `drop`; both dispose all tensors except the cost. */
export interface Attempt {
  /** The loss of the step, if it has one. The caller must dispose it. */
  readonly cost: tf.Scalar | undefined;
  /** 0 if all results are finite, otherwise NaN. */
  readonly flag: tf.Scalar;
  /** Assigns the new values. With `ok`, a scalar of 1 or 0 on the device, they are assigned only if it is 1. */
  take(ok?: tf.Tensor): void;
  /** Discards the new values. */
  drop(): void;
  /** Describes what was not finite, for an error message, for example `a finite loss, received NaN`. */
  describe(): string;
}

/** The results of a step. */
export interface AttemptParts {
  readonly cost: tf.Scalar | undefined;
  /** New values of weights, of the optimizer's state and of moving statistics. */
  readonly changes: Changes;
  /** Other tensors that must be finite. */
  readonly watched: readonly tf.Tensor[];
  /** Gradients, with the names to use in errors. */
  readonly gradients: readonly { readonly name: string; readonly tensor: tf.Tensor }[];
  /** Returns how an error describes a variable, for example `finite weights` and `stem_conv/kernel`. */
  readonly nameOf: (variable: tf.Variable) => { readonly expected: string; readonly name?: string | undefined };
  readonly onTaken: () => void;
}

/** Computes a step without changing any variable. The tensors that `make` returns live until the step is taken or dropped. */
export function attempt(make: () => AttemptParts): Attempt {
  tf.engine().startScope();
  try {
    const { cost, changes, watched, gradients, nameOf, onTaken } = make();
    const hold = holder();
    const values = [...changes].map(([variable, value]) => ({ variable, value: hold(value) }));
    const suspects = [
      ...gradients.map(({ name, tensor }) => ({ expected: 'finite gradients', name, tensor: hold(tensor) })),
      ...values.map(({ variable, value }) => ({ ...nameOf(variable), tensor: value })),
    ];
    const flag = tf.keep(finiteFlag([...(cost === undefined ? [] : [cost]), ...watched, ...changes.values()]));
    const release = (): void => {
      tf.dispose([flag, ...suspects.map(({ tensor }) => tensor)]);
    };
    const loss = cost === undefined ? undefined : hold(cost);
    return {
      cost: loss,
      flag,
      take: (ok) => {
        tf.tidy(() => {
          for (const { variable, value } of values) variable.assign(ok === undefined ? value : tf.where(ok, value, variable));
        });
        release();
        onTaken();
      },
      drop: release,
      describe: () => {
        const atOnce = readsAtOnce();
        const [value = 0] = atOnce && loss !== undefined ? Array.from(readNow(loss)) : [];
        if (!Number.isFinite(value)) return `a finite loss, received ${value}`;
        const bad = atOnce ? suspects.find(({ tensor }) => tf.tidy(() => readNow(finiteFlag([tensor]))[0] !== 0)) : undefined;
        if (bad === undefined) return 'a finite loss, gradients and weights, received NaN or Infinity';
        return `${bad.expected}, received NaN or Infinity${bad.name === undefined ? '' : ` for '${bad.name}'`}`;
      },
    };
  } catch (error) {
    releaseTape();
    throw error;
  } finally {
    tf.engine().endScope();
  }
}

/** Disposes what TensorFlow.js saved for the gradients. It does not do so itself when the function throws. */
function releaseTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of (state.activeTape as { readonly saved?: tf.Tensor[] }[] | null) ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

/** Returns a function that keeps the values of a tensor. It clones variables, and tensors that do not belong to the current scope. */
function holder(): <T extends tf.Tensor>(tensor: T) => T {
  const { activeScope } = tf.engine().state;
  const held = new Set<tf.Tensor>();
  return (tensor) => {
    const isOwn = tensor.scopeId === activeScope.id && !tensor.kept && !(tensor instanceof tf.Variable) && !held.has(tensor);
    held.add(tensor);
    return tf.keep(isOwn ? tensor : tf.clone(tensor));
  };
}

/** Creates the error for a step that was dropped. */
export function notFinite(
  where: string,
  what: string,
  place: string,
  kept = 'The model keeps the weights of the previous step, and the last checkpoint remains valid.',
): EffnetError {
  return new EffnetError(`${where}: expected ${what} at ${place}. ${kept} Lower the learning rate, clip gradients, or look at that batch.`);
}
