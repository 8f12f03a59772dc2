// A small classifier in the form of transformers, and photos at the size of its input, for which it needs no resizing.

import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { preprocess, type Preprocessing } from '../../src/image/index.js';
import { efficientNet, featureExtractor, setClassNames, setPreprocessing, type EfficientNetOptions } from '../../src/models/index.js';
import { decodeImage, encodeImage } from '../../src/node/images/index.js';
import { VARIANTS, type Variant, type VariantSpec } from '../../src/scaling/index.js';
import { fillModel } from './fillModel.js';

const [TRAINING, VALIDATION] = ['train', 'validation'].map((part) =>
  fileURLToPath(new URL(`../../examples/data/clothing/${part}/`, import.meta.url)),
) as [string, string];

/** The ten classes of the photos. */
export const CLASS_NAMES = readdirSync(VALIDATION).sort();

/** What image processors of transformers compute. */
export const STRETCH = { inputSize: 64, fit: 'stretch', interpolation: 'bicubic', resampler: 'pillow' } as const satisfies Preprocessing;

/** A small network of the first generation. */
export const SMALL = { ...VARIANTS.b0, widthCoefficient: 0.5, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;

/** Builds a classifier of the photos with deterministic weights. It has learned nothing. */
export function clothesClassifier(
  variant: Variant | VariantSpec = SMALL,
  options: Exclude<EfficientNetOptions, { readonly includeTop: false }> = {},
): LayersModel {
  const model = efficientNet(variant, { classes: CLASS_NAMES.length, inputSize: 64, seed: 1, ...options });
  fillModel(model, 2);
  setClassNames(model, CLASS_NAMES);
  setPreprocessing(model, STRETCH);
  return model;
}

/** Builds a {@link clothesClassifier} whose classifier has learned one training photo of each class. */
export async function taughtClassifier(variant: Variant | VariantSpec = SMALL): Promise<LayersModel> {
  const model = clothesClassifier(variant);
  const images = await Promise.all(clothesPhotos(1, TRAINING).map(async (photo) => preprocess(await decodeImage(photo), STRETCH)));
  const backbone = featureExtractor(model, ['avg_pool']);
  const [kernel, bias] = tf.tidy(() => {
    const pixels = images.map(({ data, height, width }) => tf.tensor3d(Float32Array.from(data), [height, width, 3]));
    const features = backbone.predict(tf.stack(pixels)) as tf.Tensor2D;
    const mean = tf.mean(features, 0, true);
    const own = tf.sub(features, mean);
    // The logit of a class is the similarity to its photo, at most 6.
    const weights = tf.mul(tf.transpose(own), tf.div(6, tf.max(tf.sum(tf.square(own), 1))));
    return [weights, tf.neg(tf.reshape(tf.matMul(mean as tf.Tensor2D, weights as tf.Tensor2D), [-1]))] as const;
  });
  model.getLayer('predictions').setWeights([kernel, bias]);
  tf.dispose([kernel, bias]);
  return model;
}

/** Returns the paths of the first photos of each class. */
export function clothesPhotos(perClass: number, photos = VALIDATION): string[] {
  return CLASS_NAMES.flatMap((name) => {
    const folder = path.join(photos, name);
    return readdirSync(folder)
      .sort()
      .slice(0, perClass)
      .map((file) => path.join(folder, file));
  });
}

/** A photo at the size of the input, with the probabilities of the model for it. */
export interface SizedPhoto {
  readonly file: string;
  readonly probabilities: readonly number[];
}

/** Writes photos at the size of the input as PNG files, and predicts them. */
export async function sizedPhotos(
  model: LayersModel,
  photos: readonly string[],
  folder: string,
  preprocessing: Preprocessing = STRETCH,
): Promise<SizedPhoto[]> {
  return Promise.all(
    photos.map(async (photo, i) => {
      const image = preprocess(await decodeImage(photo), preprocessing);
      const file = path.join(folder, `${i}.png`);
      await writeFile(file, await encodeImage(image));
      const [x, y] = tf.tidy(() => {
        const input = tf.tensor4d(Float32Array.from(image.data), [1, image.height, image.width, 3]);
        return [input, model.predict(input) as tf.Tensor];
      });
      const probabilities = [...(await y.data())];
      tf.dispose([x, y]);
      return { file, probabilities };
    }),
  );
}

/** Returns the index of the largest value. */
export function best(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** Returns the largest difference of two lists of probabilities. */
export function farthest(some: readonly (readonly number[])[], others: readonly (readonly number[])[]): number {
  return Math.max(...some.flatMap((row, i) => row.map((value, k) => Math.abs(value - (others[i]?.[k] ?? NaN)))));
}
