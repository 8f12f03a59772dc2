// Divides a batch into shares for threads. Its tensors are copied once, to memory that all threads share.

import type * as tf from '@tensorflow/tfjs-core';
import { BatchNormalization, readFloats, type SeededDropout } from '../layers/internal.js';
import type { PlainTensor } from './plainTensor.js';
import type { LayerState, Share, StatefulLayers } from './replica.js';

/** A batch, with the features that the frozen part of the model computed. */
export interface SharedBatch {
  readonly features: readonly tf.Tensor[];
  readonly ys: tf.Tensor;
  readonly sampleWeights?: tf.Tensor | undefined;
  readonly classWeights: tf.Tensor | undefined;
  readonly place: string;
}

/**
 * Returns a function that divides a batch into contiguous rows, at most one part per thread. The shares of a batch are valid until the next
 * call.
 */
export function batchDivider(layers: StatefulLayers, threads: number): (batch: SharedBatch) => Promise<Share[]> {
  const share = sharedCopies();
  return async ({ place, features, ys, sampleWeights, classWeights }) => {
    const total = ys.shape[0];
    const copies = await share([ys, sampleWeights, classWeights, ...features]);
    const [labels, ofSamples, ofClasses, ...ofFeatures] = copies as [PlainTensor, PlainTensor?, PlainTensor?, ...PlainTensor[]];
    const states = Object.fromEntries([...layers].map(([name, layer]) => [name, stateOf(layer)]));
    return boundsOf(total, threads).map(([start, end]): Share => ({
      place,
      features: ofFeatures.map((tensor) => rowsOf(tensor, start, end)),
      ys: rowsOf(labels, start, end),
      sampleWeights: ofSamples && rowsOf(ofSamples, start, end),
      classWeights: ofClasses,
      rows: { start, total },
      states,
    }));
  };
}

/** Returns a function that divides a tensor as {@link batchDivider} does. */
export function tensorDivider(threads: number): (tensor: tf.Tensor) => Promise<PlainTensor[]> {
  const share = sharedCopies();
  return async (tensor) => {
    const [copy] = (await share([tensor])) as [PlainTensor];
    return boundsOf(tensor.shape[0], threads).map(([start, end]) => rowsOf(copy, start, end));
  };
}

/** Returns the first row of each part and the row after its last one. */
function boundsOf(total: number, threads: number): [start: number, end: number][] {
  const parts = Math.min(threads, total);
  return Array.from({ length: parts }, (_, i) => [Math.floor((i * total) / parts), Math.floor(((i + 1) * total) / parts)]);
}

const ARRAYS: Readonly<
  Record<PlainTensor['dtype'], new (memory: SharedArrayBuffer, offset: number, length: number) => PlainTensor['values']>
> = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Returns a function that copies tensors to shared memory, which the next call uses again. */
function sharedCopies(): (tensors: readonly (tf.Tensor | undefined)[]) => Promise<(PlainTensor | undefined)[]> {
  let memory = new SharedArrayBuffer(0);
  return (tensors) => {
    // Every number starts at a multiple of its size.
    const ends: number[] = [];
    for (const tensor of tensors) ends.push((ends.at(-1) ?? 0) + 4 * (tensor?.size ?? 0));
    const bytes = ends.at(-1) ?? 0;
    if (memory.byteLength < bytes) memory = new SharedArrayBuffer(bytes);
    return Promise.all(
      tensors.map(async (tensor, i) => {
        if (tensor === undefined) return undefined;
        const { shape, size } = tensor;
        const dtype = tensor.dtype as PlainTensor['dtype'];
        const values = new ARRAYS[dtype](memory, (ends[i] as number) - 4 * size, size);
        if (values instanceof Float32Array) readFloats([tensor], values);
        else values.set(await tensor.data());
        return { shape, dtype, values };
      }),
    );
  };
}

function stateOf(layer: SeededDropout | BatchNormalization): LayerState {
  if (layer instanceof BatchNormalization) return { inference: layer.inference };
  const { inference, stream, rateScale } = layer;
  return { inference, stream, rateScale };
}

function rowsOf({ shape, dtype, values }: PlainTensor, start: number, end: number): PlainTensor {
  const [rows = 1, ...rest] = shape;
  const size = values.length / rows;
  return { shape: [end - start, ...rest], dtype, values: values.subarray(start * size, end * size) };
}
