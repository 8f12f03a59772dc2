// Steps on WebGL and WebGPU, where a result arrives later than the next step begins: the device itself keeps the old values when a step is
// not finite, and the error is thrown by a later step.

import * as tf from '@tensorflow/tfjs-core';
import type { Attempt } from './attempt.js';

/** The steps of an optimizer on a backend whose results are read asynchronously. */
export interface UnreadSteps {
  /** Takes a step if it and all earlier ones are finite, and returns its loss, or NaN. `error` is thrown later if it is not finite. */
  take(step: Attempt, error: Error): tf.Scalar | undefined;
  /** Waits until every step so far has been read. */
  wait(): Promise<void>;
  /** Returns the error of the first step that was not finite, and forgets it. */
  takeFailure(): Error | undefined;
  /** Forgets failures and frees the memory. */
  reset(): void;
}

/** Creates the record of an optimizer without any steps. */
export function createUnreadSteps(): UnreadSteps {
  /** A scalar that is 0 until a step is not finite, and NaN from then on. */
  let flags: tf.Variable | undefined;
  let failure: Error | undefined;
  let reading: Promise<void> = Promise.resolve();
  const reset = (): void => {
    flags?.dispose();
    flags = undefined;
    failure = undefined;
  };
  return {
    take: (step, error) => {
      const { cost, flag } = step;
      const all = (flags ??= tf.tidy(() => tf.variable(tf.scalar(0), false)));
      const { shown, isFinite, sum } = tf.tidy(() => {
        const total = tf.add<tf.Scalar>(all, flag);
        return { sum: total, isFinite: tf.equal(total, 0), shown: cost === undefined ? undefined : tf.add<tf.Scalar>(cost, total) };
      });
      all.assign(sum);
      reading = sum.data().then(([value]) => {
        sum.dispose();
        if (value !== 0) failure ??= error;
      });
      // If the device is lost, the next read reports it.
      reading.catch(() => undefined);
      step.take(isFinite);
      tf.dispose(isFinite);
      cost?.dispose();
      return shown;
    },
    wait: () => reading,
    takeFailure: () => {
      const error = failure;
      if (error !== undefined) reset();
      return error;
    },
    reset,
  };
}
