// Computes the features of images for an image index.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { allFinite, contentDigest, show, trackProgress } from '../../core/internal.js';
import { DataError, OptionError, type ProgressListener } from '../../core/index.js';
import { collateFor, preprocessingOfData, releaseItem } from '../../data/internal.js';
import type { Label } from '../../data/index.js';
import { describePreprocessing, samePreprocessing } from '../../image/internal.js';
import type { CompletePreprocessing, Pixels } from '../../image/index.js';
import { pool } from '../../layers/internal.js';
import { splitHead } from '../../models/internal.js';
import type { FeatureRuntime, FeatureStore, StoredFeatures } from '../../training/index.js';
import { featureOwner, openFeatures } from '../../training/internal.js';
import { modelInput } from './modelInput.js';
import type { Predictor } from './predictor.js';

/** An image to add to an index. */
export interface IndexableImage {
  /** RGB in [0, 255]. */
  readonly pixels: Pixels;
  /** A class index or one-hot vector. It is needed with `classNames` only. */
  readonly label?: Label | undefined;
  /** The file or record that the image comes from. */
  readonly origin?: string | undefined;
}

/** An image and its features. */
export interface ImageFeatures {
  readonly image: IndexableImage;
  readonly features: Float32Array;
}

/** Options of {@link FeatureReader.read}. */
export interface ReadFeaturesOptions {
  readonly batchSize: number;
  /** Called with every image before its features are computed. */
  readonly check: (image: IndexableImage) => void;
  readonly onProgress: ProgressListener | undefined;
  readonly signal: AbortSignal | undefined;
  readonly store: FeatureStore | undefined;
}

/** Computes features of images. */
export interface FeatureReader {
  /** Number of features per image. */
  readonly width: number;
  /** Reads all images and returns them without their pixels. */
  read(where: string, images: AsyncIterable<unknown> | Iterable<unknown>, options: ReadFeaturesOptions): Promise<ImageFeatures[]>;
  /** Returns the features of one image of any size. */
  readOne(where: string, image: Pixels, preprocessing: CompletePreprocessing): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Returns the features of one image of the input size, computed by a model itself. */
export async function featuresOfModel(where: string, model: tfl.LayersModel, image: Pixels): Promise<Float32Array> {
  const { xs, ys } = collateFor(where, [{ pixels: image, label: 0 }]);
  const pooled = tfl.model({ inputs: model.inputs, outputs: pooledFeatures(where, model) }).predict(xs) as tf.Tensor;
  try {
    return (await pooled.data()) as Float32Array;
  } finally {
    tf.dispose([xs, ys, pooled]);
  }
}

function pooledFeatures(where: string, model: tfl.LayersModel): tfl.SymbolicTensor {
  const { features } = splitHead(where, model, false);
  return features.shape.length === 2 ? features : pool(features, 'avg');
}

/** Returns the number of pooled features before the head of a model. */
export function featureWidth(where: string, model: tfl.LayersModel): number {
  return splitHead(where, model, false).features.shape.at(-1) as number;
}

/** Opens a copy of the backbone without its head. The backbone remains unchanged, and the caller must dispose the reader. */
export async function openFeatureReader(
  where: string,
  backbone: tfl.LayersModel,
  preprocessing: CompletePreprocessing,
  runtime: FeatureRuntime | undefined,
): Promise<FeatureReader> {
  await ensureBackend();
  const outputs = pooledFeatures(where, backbone);
  const width = outputs.shape.at(-1) as number;
  const inputShape = backbone.inputs[0]?.shape;
  const network = tfl.model({ inputs: backbone.inputs, outputs });
  const model = await openFeatures(where, network, { runtime });
  // What `modelInput` checks an image against.
  const input = (record: CompletePreprocessing): Predictor => ({ predict: (images) => images, inputShape, preprocessing: record });
  const compute = async (place: string, images: readonly { readonly pixels: Pixels }[]): Promise<Float32Array[]> => {
    const { xs, ys } = collateFor(
      place,
      images.map(({ pixels }) => ({ pixels, label: 0 })),
    );
    try {
      const pooled = (await model.predict(xs)) as tf.Tensor;
      const values = (await pooled.data()) as Float32Array;
      pooled.dispose();
      if (!allFinite(values)) {
        throw new DataError(`${place}: expected finite features, received NaN or Infinity. Look at the weights of the backbone.`);
      }
      return images.map((_, i) => values.slice(i * width, (i + 1) * width));
    } finally {
      tf.dispose([xs, ys]);
    }
  };

  return {
    width,
    read: async (place, images, { batchSize, check, onProgress, signal, store }) => {
      // The images of a dataset that states its preprocessing are ready. Others are of any size.
      const stated = preprocessingOfData(place, images);
      if (stated !== undefined && !samePreprocessing(stated, preprocessing)) throw otherPreprocessing(place, preprocessing, stated);
      const { size } = images as { readonly size?: unknown };
      const report = trackProgress(onProgress, 'features', 'images', typeof size === 'number' && Number.isFinite(size) ? size : undefined);
      const stored = await store?.open(await featureOwner(network, preprocessing, 'index'), width);
      const results: ImageFeatures[] = [];
      let waiting: IndexableImage[] = [];
      const flush = async (): Promise<void> => {
        if (waiting.length === 0) return;
        signal?.throwIfAborted();
        const batch = waiting;
        waiting = [];
        const rows = stored === undefined ? await compute(place, batch) : await throughStore(stored, batch, (some) => compute(place, some));
        batch.forEach(({ label, origin }, i) => {
          results.push({ image: { pixels: NONE, label, origin }, features: rows[i] as Float32Array });
        });
        report(results.length);
      };
      try {
        for await (const item of images as AsyncIterable<unknown>) {
          const image = checkItem(place, item);
          check(image);
          const pixels = stated === undefined ? modelInput(place, input(preprocessing), image.pixels, undefined) : image.pixels;
          waiting.push({ ...image, pixels });
          if (waiting.length === batchSize) await flush();
        }
        await flush();
      } finally {
        await stored?.close();
      }
      report.end();
      return results;
    },
    readOne: async (place, image, record) => {
      const pixels = modelInput(place, input(record), image, undefined);
      const [row] = await compute(place, [{ pixels }]);
      return row as Float32Array;
    },
    dispose: async () => {
      await model.dispose();
    },
  };
}

/** Returns the features of images from the store, where it has them. Those that are computed are stored. */
async function throughStore(
  stored: StoredFeatures,
  images: readonly IndexableImage[],
  compute: (images: readonly IndexableImage[]) => Promise<Float32Array[]>,
): Promise<readonly Float32Array[]> {
  const keys = images.map(({ pixels: { height, width, channels, data } }) => {
    return `pixels:${height}x${width}x${channels}:${data.constructor.name}:${contentDigest(data)}`;
  });
  const missing = images.filter((_, i) => !stored.has(keys[i] as string));
  const computed = missing.length === 0 ? [] : await compute(missing);
  const rows = new Map(missing.map((image, i) => [keys[images.indexOf(image)] as string, computed[i] as Float32Array]));
  if (rows.size > 0) await stored.add(rows);
  return stored.read(keys);
}

/** Stands in for the pixels of an image that has been read. */
const NONE: Pixels = { width: 0, height: 0, channels: 3, data: new Uint8Array(0) };

function checkItem(where: string, item: unknown): IndexableImage {
  if (typeof item === 'object' && item !== null && 'pixels' in item) return item as IndexableImage;
  const isBatch = typeof item === 'object' && item !== null && 'xs' in item;
  releaseItem(item);
  throw new OptionError(
    `${where}: expected images { pixels, label, origin } for \`images\`, received ${show(item)}.` +
      (isBatch ? ' Pass the images themselves, not batches of them.' : ''),
  );
}

function otherPreprocessing(where: string, expected: CompletePreprocessing, received: CompletePreprocessing): OptionError {
  return new OptionError(
    `${where}: expected images with the preprocessing of the index, '${describePreprocessing(expected)}', for \`images\`, ` +
      `received '${describePreprocessing(received)}'. ` +
      'Read them with `preprocessing: index`, or create the index with `preprocessing: images`.',
  );
}
