// Computes the pooled features of a frozen backbone, on which trainHead trains.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { allFinite, showShape, trackProgress } from '../core/internal.js';
import { DataError, OptionError, type ProgressListener } from '../core/index.js';
import { checkBatch, preprocessingOfData } from '../data/internal.js';
import type { ImageBatch } from '../data/index.js';
import { areFinite, pool } from '../layers/internal.js';
import { splitHead } from '../models/internal.js';
import { labelError, labelProblem } from './checkLabels.js';
import { featureOwner } from './featureOwner.js';
import type { FeatureStore } from './featureStore.js';
import { openFeatures, type FeaturePlace } from './frozenPart.js';
import { growingFloats } from './growingFloats.js';
import { storedRows, type BatchRows } from './storedRows.js';

/** Features and labels of a whole dataset. */
export interface Features {
  /** Number of images. */
  readonly count: number;
  /** Number of features per image. */
  readonly width: number;
  /** All features, row by row. */
  readonly values: Float32Array;
  /** Creates tensors `[rows, width]` and `[rows, targets]` of the given rows, by default of all. The caller must dispose them. */
  take(rows?: readonly number[]): [x: tf.Tensor2D, y: tf.Tensor2D];
}

/** Options of {@link openExtractor}. */
export interface ExtractOptions extends FeaturePlace {
  /** Whether classes are mutually exclusive. */
  readonly exclusive: boolean;
  /** Number of classes. */
  readonly count: number;
  readonly pooling: 'avg' | 'max' | undefined;
  readonly onProgress: ProgressListener | undefined;
  readonly signal: AbortSignal | undefined;
  /** Where features of earlier runs are read from, and new ones are stored. */
  readonly store: FeatureStore | undefined;
}

/** Computes features of any number of datasets. */
export interface FeatureExtractor {
  /**
   * Computes the features of every image and disposes the batches.
   *
   * @param option - The name of the option that contains the batches, for errors.
   * @param epoch - The epoch, counted from 0, for errors.
   * @throws {OptionError} when an item is not a batch, or labels do not match the number of classes.
   * @throws {ShapeError} when images do not have the input shape of the backbone.
   * @throws {DataError} when there are no batches. Naming epoch and step: when labels are out of range, or pixels or features are not
   *   finite.
   */
  extract(batches: AsyncIterable<ImageBatch>, option: 'train' | 'validation', epoch: number): Promise<Features>;
  dispose(): Promise<void>;
}

/**
 * Removes the head of a backbone, folds its BatchNormalization or passes it to the runtime, and returns the extractor. The backbone remains
 * unchanged, and the caller must dispose the extractor.
 */
export async function openExtractor(
  backbone: tfl.LayersModel,
  { count, exclusive, pooling, onProgress, signal, store, ...place }: ExtractOptions,
): Promise<FeatureExtractor> {
  const { features } = splitHead('trainHead', backbone, pooling !== undefined);
  const outputs = features.shape.length === 2 ? features : pool(features, pooling ?? 'avg');
  const width = outputs.shape.at(-1) as number;
  const network = tfl.model({ inputs: backbone.inputs, outputs });
  const extractor = await openFeatures('trainHead', network, place);
  const compute = async (batch: ImageBatch, option: string, where: string): Promise<BatchRows> => {
    checkBatch('trainHead', option, batch, backbone.inputs[0]?.shape, ` at ${where}`);
    try {
      signal?.throwIfAborted();
      const y = await targetsOf(batch.ys, count, exclusive, where);
      // relu6, pooling and runtimes may turn NaN and Infinity into numbers, so the pixels are checked as well.
      if (!(await areFinite([batch.xs]))) throw notFinite('pixels', where);
      const [pooled] = [await extractor.predict(batch.xs)].flat() as [tf.Tensor];
      const x = (await pooled.data()) as Float32Array;
      pooled.dispose();
      if (!allFinite(x)) throw notFinite('features', where);
      return { count: batch.xs.shape[0], x, y };
    } finally {
      tf.dispose([batch.xs, batch.ys]);
    }
  };
  return {
    extract: async (batches, option, epoch) => {
      const task = option === 'train' ? 'training features' : 'validation features';
      const placeOf = (step: number): string => `step ${step} of epoch ${epoch}, in the ${task}`;
      // A Dataset has its number of batches as `size`.
      const { size } = batches as { readonly size?: unknown };
      const steps = typeof size === 'number' && Number.isFinite(size) ? size : undefined;
      const report = trackProgress(onProgress, task, 'batches', steps);
      const preprocessing = preprocessingOfData('trainHead', batches);
      const owner = store && (await featureOwner(network, preprocessing, count, exclusive ? 'classes' : 'targets'));
      const stored = owner === undefined ? undefined : await store?.open(owner, width + count);
      const rows =
        store === undefined || stored === undefined
          ? computedRows(batches, (batch, step) => compute(batch, option, placeOf(step)))
          : storedRows(batches, { store, stored, width, compute: (batch, step) => compute(batch, option, placeOf(step)), signal });
      let images = 0;
      let done = 0;
      let x = growingFloats(0);
      let y = growingFloats(0);
      try {
        for await (const part of rows) {
          if (done === 0) {
            const expected = part.count * (steps ?? 1);
            [x, y] = [growingFloats(expected * (part.x.length / part.count)), growingFloats(expected * count)];
          }
          x.add(part.x);
          y.add(part.y);
          images += part.count;
          report(++done);
          signal?.throwIfAborted();
        }
      } finally {
        await stored?.close();
      }
      report.end();
      if (images === 0)
        throw new DataError(
          `trainHead: expected at least one batch of ${task}, received none. The dataset is empty, or it was read before.`,
        );
      return rowsOf(images, x.all(), y.all());
    },
    dispose: async () => {
      await extractor.dispose();
    },
  };
}

async function* computedRows(
  batches: AsyncIterable<ImageBatch>,
  compute: (batch: ImageBatch, step: number) => Promise<BatchRows>,
): AsyncGenerator<BatchRows> {
  let step = 0;
  for await (const batch of batches) yield await compute(batch, step++);
}

function notFinite(what: string, place: string): DataError {
  return new DataError(
    `trainHead: expected finite ${what} at ${place}, received NaN or Infinity. The backbone remains unchanged. ` +
      `Look at that batch${what === 'pixels' ? '' : ', and at the weights of the backbone'}.`,
  );
}

/** Returns labels as vectors of `count` targets, one per image. */
async function targetsOf(ys: tf.Tensor, count: number, exclusive: boolean, place: string): Promise<Float32Array> {
  const isVectors = ys.shape.length === 2 && ys.shape[1] === count;
  if (!isVectors && ys.shape.length !== 1) {
    throw new OptionError(
      `trainHead: expected labels [batch] or [batch, ${count}], one per name in \`classNames\`, received ${showShape(ys.shape)}.`,
    );
  }
  const labels = await ys.data();
  const problem = labelProblem(labels, ys, count, exclusive ? 'classes' : 'targets', `labels below ${count}, the number of \`classNames\``);
  if (problem !== undefined) throw labelError('trainHead', problem, `. Look at ${place}`);
  if (isVectors) return new Float32Array(labels);
  const targets = new Float32Array(labels.length * count);
  labels.forEach((label, row) => {
    targets[row * count + label] = 1;
  });
  return targets;
}

function rowsOf(count: number, x: Float32Array, y: Float32Array): Features {
  const width = x.length / count;
  const targets = y.length / count;
  const pick = (values: Float32Array, length: number, rows: readonly number[] | undefined): tf.Tensor2D => {
    if (rows === undefined) return tf.tensor2d(values, [count, length]);
    const picked = new Float32Array(rows.length * length);
    rows.forEach((row, i) => {
      picked.set(values.subarray(row * length, (row + 1) * length), i * length);
    });
    return tf.tensor2d(picked, [rows.length, length]);
  };
  return { count, width, values: x, take: (rows) => [pick(x, width, rows), pick(y, targets, rows)] };
}
