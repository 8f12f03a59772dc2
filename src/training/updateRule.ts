// What distinguishes one optimizer from another: its state per weight, and how it computes the new value of a weight.

import type * as tf from '@tensorflow/tfjs-core';

/** A weight, its gradient and its state, from which an {@link UpdateRule} computes the weight's new value. */
export interface Update {
  readonly weight: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly rate: number;
  /** Number of earlier updates of this weight. Updates in which it was frozen do not count. */
  readonly step: number;
  /** Returns the current value of a slot of the weight. */
  readonly read: (slot: string) => tf.Tensor;
  /** Sets a slot of the weight and returns the new value. */
  readonly write: (slot: string, value: tf.Tensor) => tf.Tensor;
}

/** The definition of an optimizer: the initial values of its slots, and a function that returns the new value of a weight. */
export interface UpdateRule {
  readonly name: string;
  readonly slots: Readonly<Record<string, number>>;
  readonly update: (update: Update) => tf.Tensor;
}
