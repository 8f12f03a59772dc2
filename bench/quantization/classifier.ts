// The classifier that the benches store in fewer bytes: a head learned on photos, on a network with ImageNet weights.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type * as tfl from '@tensorflow/tfjs-layers';
import {
  efficientNet, featureExtractor, imageBatches, imageFolder, loadWeights, trainHead, type ImageFolder, type Variant,
} from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';

const here = (file: string): string => new URL(file, import.meta.url).pathname;

/** The folder of photos where none is given. */
export const CLOTHING = here('../../examples/data/clothing');

export interface Network {
  readonly variant: Variant;
  readonly file: string;
}

/** Networks whose weights are here; the others are reported as missing. */
export function networksAtHand(): Network[] {
  const networks = [
    { variant: 'lite0' as const, file: here('../../examples/data/weights/efficientnet-lite0.safetensors') },
    { variant: 'b0' as const, file: process.env['B0_WEIGHTS'] },
  ];
  return networks.flatMap(({ variant, file }) => {
    if (file !== undefined && existsSync(file)) return [{ variant, file }];
    console.log(`\n${variant}: missing: name a file of its ImageNet weights in B0_WEIGHTS`);
    return [];
  });
}

/** Opens the photos to learn from and those to answer. */
export async function photosIn(folder: string): Promise<{ readonly train: ImageFolder; readonly validation: ImageFolder }> {
  const [train, validation] = await Promise.all(['train', 'validation'].map((part) => imageFolder(path.join(folder, part), { inputSize: 224 })));
  if (train === undefined || validation === undefined) throw new Error('no photos');
  return { train, validation };
}

export const batches = (set: ImageFolder): ReturnType<typeof imageBatches> => imageBatches(set.images, { batchSize: 16 });

/** Trains the head. A file without the network's top is used as far as block6d_add. */
export async function classifier({ variant, file }: Network, train: ImageFolder, threads: number): Promise<tfl.LayersModel> {
  const whole = efficientNet(variant);
  const { missing } = await loadWeights(whole, file, { strict: false });
  const backbone = missing.length === 0 ? whole : featureExtractor(whole, ['block6d_add']);
  const { model } = await trainHead(backbone, {
    classNames: train.classNames, train: batches(train), seed: 1, runtime: (features) => createRuntime(features, { threads }),
  });
  return model;
}

/** The most probable class of each photo. */
export function firstClasses(probabilities: ArrayLike<number>, classes: number): number[] {
  return Array.from({ length: probabilities.length / classes }, (_, row) => {
    const scores = Array.from({ length: classes }, (_unused, k) => probabilities[row * classes + k] ?? 0);
    return scores.indexOf(Math.max(...scores));
  });
}
