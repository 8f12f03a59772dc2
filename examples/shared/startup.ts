// What an example needs before training: a network with ImageNet weights, worker threads, and batches that are mixed.

import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  cutMix,
  imageWorkers,
  mixUp,
  pretrained,
  progressBar,
  selectBackend,
  type Dataset,
  type ImageBatch,
  type ImageWorkers,
} from 'effnet-ts/node';
import { DATA, type CommonSettings } from './settings.js';

/** Starts the backend and loads the network with ImageNet weights. Those of Lite0 are in the repository; others are downloaded once. */
export async function loadBackbone(settings: CommonSettings & { readonly inputSize: number }): Promise<LayersModel> {
  const { variant, weights, backend, inputSize, seed } = settings;
  const report = await selectBackend(backend.split(','), { gradients: true });
  const file = weights !== '' ? weights : variant === 'lite0' ? path.join(DATA, 'weights', 'efficientnet-lite0.safetensors') : undefined;
  const model = await pretrained(variant, { inputSize, seed, onProgress: progressBar(), ...(file === undefined ? {} : { weights: file }) });
  console.log(`Backend ${report.backend}; ${model.name} at ${inputSize} pixels with ImageNet weights\n`);
  return model;
}

/** Makes the threads of `--workers`. The caller must dispose them. */
export function startWorkers({ workers }: Pick<CommonSettings, 'workers'>): ImageWorkers | undefined {
  return workers > 0 ? imageWorkers({ threads: workers }) : undefined;
}

/** Applies MixUp or CutMix to the batches. If both are turned on, they alternate. */
export function mixBatches(
  batches: Dataset<ImageBatch>,
  { mixup, cutmix, seed }: Pick<CommonSettings, 'mixup' | 'cutmix' | 'seed'>,
): Dataset<ImageBatch> {
  const steps = [...(mixup > 0 ? [mixUp({ alpha: mixup, seed })] : []), ...(cutmix > 0 ? [cutMix({ alpha: cutmix, seed })] : [])];
  if (steps.length === 0) return batches;
  return batches.map((batch, context) => steps[context.index % steps.length]?.(batch, context) ?? batch);
}
