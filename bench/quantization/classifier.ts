// Trains the classifier that these benchmarks quantize: a head on a network with ImageNet weights.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type * as tfl from '@tensorflow/tfjs-layers';
import {
  efficientNet,
  featureExtractor,
  imageBatches,
  imageFolder,
  loadWeights,
  trainHead,
  type ImageFolder,
  type Variant,
} from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { fromRoot } from '../support/paths.js';

/** The default folder of images. */
export const CLOTHING = fromRoot('examples/data/clothing');

export interface Network {
  readonly variant: Variant;
  readonly file: string;
}

/** Returns the networks whose weights exist, and reports the others as missing. */
export function availableNetworks(): Network[] {
  const networks = [
    { variant: 'lite0' as const, file: fromRoot('examples/data/weights/efficientnet-lite0.safetensors') },
    { variant: 'b0' as const, file: process.env['B0_WEIGHTS'] },
  ];
  return networks.flatMap(({ variant, file }) => {
    if (file !== undefined && existsSync(file)) return [{ variant, file }];
    console.log(`\n${variant}: missing. Set B0_WEIGHTS to a file with its ImageNet weights`);
    return [];
  });
}

/** Opens the images to train on and those to predict. */
export async function imagesIn(folder: string): Promise<{ readonly train: ImageFolder; readonly validation: ImageFolder }> {
  const [train, validation] = await Promise.all(
    ['train', 'validation'].map((part) => imageFolder(path.join(folder, part), { inputSize: 224 })),
  );
  if (train === undefined || validation === undefined) throw new Error('expected a folder with train/ and validation/');
  return { train, validation };
}

export const batches = (set: ImageFolder): ReturnType<typeof imageBatches> => imageBatches(set.images, { batchSize: 16 });

/** Trains the head. If the file lacks the network's top, the backbone ends at block6d_add. */
export async function classifier({ variant, file }: Network, train: ImageFolder, threads: number): Promise<tfl.LayersModel> {
  const whole = efficientNet(variant);
  const { missing } = await loadWeights(whole, file, { strict: false });
  const backbone = missing.length === 0 ? whole : featureExtractor(whole, ['block6d_add']);
  const { model } = await trainHead(backbone, {
    classNames: train.classNames,
    train: batches(train),
    seed: 1,
    runtime: (features) => createRuntime(features, { threads }),
  });
  return model;
}

/** Returns the most probable class of each image. */
export function firstClasses(probabilities: ArrayLike<number>, classes: number): number[] {
  return Array.from({ length: probabilities.length / classes }, (_, row) => {
    const scores = Array.from({ length: classes }, (_unused, k) => probabilities[row * classes + k] ?? 0);
    return scores.indexOf(Math.max(...scores));
  });
}
