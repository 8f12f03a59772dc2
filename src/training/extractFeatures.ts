// Computes the pooled features of a frozen backbone, on which trainHead trains.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { allFinite, joinFloats, showShape, trackProgress } from '../core/internal.js';
import { DataError, OptionError, type ProgressListener } from '../core/index.js';
import { checkBatch } from '../data/internal.js';
import type { ImageBatch } from '../data/index.js';
import { areFinite, pool } from '../layers/internal.js';
import { splitHead } from '../models/internal.js';
import { labelError, labelProblem } from './checkLabels.js';
import { openFeatures, type FeaturePlace } from './frozenPart.js';

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
  { count, exclusive, pooling, onProgress, signal, ...place }: ExtractOptions,
): Promise<FeatureExtractor> {
  const { features } = splitHead('trainHead', backbone, pooling !== undefined);
  const outputs = features.shape.length === 2 ? features : pool(features, pooling ?? 'avg');
  const extractor = await openFeatures('trainHead', tfl.model({ inputs: backbone.inputs, outputs }), place);
  return {
    extract: async (batches, option, epoch) => {
      const task = option === 'train' ? 'training features' : 'validation features';
      // A Dataset has its number of batches as `size`.
      const { size } = batches as { readonly size?: unknown };
      const report = trackProgress(onProgress, task, 'batches', typeof size === 'number' && Number.isFinite(size) ? size : undefined);
      const x: Float32Array[] = [];
      const y: Float32Array[] = [];
      let images = 0;
      for await (const batch of batches) {
        const place = `step ${x.length} of epoch ${epoch}, in the ${task}`;
        checkBatch('trainHead', option, batch, backbone.inputs[0]?.shape, ` at ${place}`);
        try {
          signal?.throwIfAborted();
          y.push(await targetsOf(batch.ys, count, exclusive, place));
          // relu6, pooling and runtimes may turn NaN and Infinity into numbers, so the pixels are checked as well.
          if (!(await areFinite([batch.xs]))) throw notFinite('pixels', place);
          const [pooled] = [await extractor.predict(batch.xs)].flat() as [tf.Tensor];
          const features = (await pooled.data()) as Float32Array;
          pooled.dispose();
          if (!allFinite(features)) throw notFinite('features', place);
          x.push(features);
          images += batch.xs.shape[0];
          report(x.length);
        } finally {
          tf.dispose([batch.xs, batch.ys]);
        }
      }
      report.end();
      if (images === 0)
        throw new DataError(
          `trainHead: expected at least one batch of ${task}, received none. The dataset is empty, or it was read before.`,
        );
      return rowsOf(images, joinFloats(x), joinFloats(y));
    },
    dispose: async () => {
      await extractor.dispose();
    },
  };
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
