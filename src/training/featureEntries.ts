// Features and labels of single images as plain data: how batches are split into them, and joined again.

import * as tf from '@tensorflow/tfjs-core';
import type { StepBatch } from './trainingBatch.js';

/** The values of a tensor. */
export interface Part {
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

/** Labels, sample weights and features of an image, or of a batch whose images are not known. */
export type Entry = readonly [ys: Part, sampleWeights: Part | undefined, ...features: Part[]];

/** Splits a batch into entries of equal size. */
export async function entriesOf({ ys, sampleWeights, features = [] }: StepBatch, count: number): Promise<Entry[]> {
  const parts = await Promise.all([ys, sampleWeights, ...features].map(async (tensor) => tensor && partsOf(tensor, count)));
  return Array.from({ length: count }, (_, i) => parts.map((part) => part?.[i]) as unknown as Entry);
}

async function partsOf(tensor: tf.Tensor, count: number): Promise<Part[]> {
  const { dtype } = tensor;
  const values = await tensor.data();
  const [rows = count, ...rest] = tensor.shape;
  const [size, shape] = [values.length / count, [rows / count, ...rest]];
  return Array.from({ length: count }, (_, i) => ({ values: values.slice(i * size, (i + 1) * size), shape, dtype }));
}

/** Creates a batch of entries. The caller disposes it. */
export function joined(entries: readonly Entry[]): StepBatch {
  const tensor = (at: number): tf.Tensor => joinedParts(entries.map((entry) => entry[at] as Part));
  const [first] = entries as readonly [Entry];
  const [, weights, ...features] = first;
  return { ys: tensor(0), sampleWeights: weights && tensor(1), features: features.map((_, i) => tensor(i + 2)) };
}

function joinedParts(parts: readonly Part[]): tf.Tensor {
  const [first] = parts as readonly [Part];
  const length = parts.reduce((sum, { values }) => sum + values.length, 0);
  const values =
    first.dtype === 'float32' ? new Float32Array(length) : first.dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return tf.tensor(values, [parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0), ...first.shape.slice(1)], first.dtype);
}
