// A step of training that is computed and checked before the model gets any of it.

import * as tf from '@tensorflow/tfjs-core';
import { EffnetError } from '../core/index.js';
import { finiteFlag, readNow, readsAtOnce } from '../layers/internal.js';
import type { Changes } from './stateChanges.js';

/** A step that is computed and not taken yet. One of `take` and `drop` must follow; both dispose everything but the cost. */
export interface Attempt {
  /** The loss of the step, for a step that has one; the caller disposes it. */
  readonly cost: tf.Scalar | undefined;
  /** 0 where all results are finite, else NaN. */
  readonly flag: tf.Scalar;
  /** Assigns the new values; with `ok`, a scalar of 1 or 0 that nobody has read yet, only where it is 1. */
  take(ok?: tf.Tensor): void;
  drop(): void;
  /** What was not finite, for an error: `a finite loss, received NaN`. */
  describe(): string;
}

/** What an attempt is made of. */
export interface AttemptParts {
  readonly cost: tf.Scalar | undefined;
  /** New values of weights, of the optimizer's state and of statistics. */
  readonly changes: Changes;
  /** Tensors that must be finite, too. */
  readonly watched: readonly tf.Tensor[];
  /** By the name an error gives them. */
  readonly gradients: readonly { readonly name: string; readonly tensor: tf.Tensor }[];
  /** What an error calls a variable: `finite weights ... for 'stem_conv/kernel'`. */
  readonly nameOf: (variable: tf.Variable) => { readonly expected: string; readonly name?: string | undefined };
  readonly onTaken: () => void;
}

/** Computes a step and leaves all variables as they are; whatever `make` computes lives until the step is taken or dropped. */
export function attempt(make: () => AttemptParts): Attempt {
  tf.engine().startScope();
  try {
    const { cost, changes, watched, gradients, nameOf, onTaken } = make();
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

/** TensorFlow.js keeps what the gradients need until they are computed, also where the function throws before that. */
function releaseTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of (state.activeTape as { readonly saved?: tf.Tensor[] }[] | null) ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

/** Keeps the values of a tensor that may be a variable, or belong to the caller. */
function hold<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(tf.clone(tensor));
}

/**
 * Takes a step once its results are known to be finite, and returns its loss.
 *
 * @param place - Where training stands: `step 3 of epoch 0`.
 * @param kept - What stays as it was, as a sentence of the error.
 * @throws {EffnetError} naming the place, when a result is not finite; the model stays as it was.
 */
export async function takeStep(where: string, step: Attempt, place: string, kept?: string): Promise<number> {
  try {
    const [[loss = NaN] = [], [flag]] = await Promise.all([step.cost?.data(), step.flag.data()]);
    if (flag !== 0)
      throw notFinite(
        where,
        Number.isFinite(loss) || step.cost === undefined ? step.describe() : `a finite loss, received ${loss}`,
        place,
        kept,
      );
    step.take();
    return loss;
  } catch (error) {
    step.drop();
    throw error;
  } finally {
    step.cost?.dispose();
  }
}

/** The error of a step that was not taken. */
export function notFinite(
  where: string,
  what: string,
  place: string,
  kept = 'The model keeps the weights of the step before, and the last checkpoint stays.',
): EffnetError {
  return new EffnetError(`${where}: expected ${what} at ${place}. ${kept} Lower the learning rate, clip gradients, or look at that batch.`);
}
