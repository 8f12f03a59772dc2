// The settings of cactus. The table in the README compares them with the source.

import path from 'node:path';
import type { CommonSettings, Presets } from '../shared/settings.js';

export interface CactusSettings extends CommonSettings {
  /** File of the table, in the data folder. */
  readonly csv: string;
  /** Side of the network's input in pixels. */
  readonly inputSize: number;
  readonly batchSize: number;
  readonly dropoutRate: number;
  readonly headEpochs: number;
  readonly rate: number;
  /** Epochs of both phases together. */
  readonly epochs: number;
  /** Rate of fine-tuning. */
  readonly fineTuneRate: number;
  /** First block that trains in fine-tuning. */
  readonly unfreezeFrom: string;
  /** Maximum number of images per class; 0 uses all. */
  readonly perClass: number;
}

export const SETTINGS: Presets<CactusSettings> = {
  full: {
    data: '',
    csv: 'train.csv',
    variant: 'b0',
    weights: '',
    backend: 'wasm',
    seed: 42,
    out: path.join('runs', 'cactus'),
    workers: 0,
    inputSize: 96,
    batchSize: 32,
    dropoutRate: 0,
    headEpochs: 30,
    rate: 1e-4,
    epochs: 60,
    fineTuneRate: 1e-5,
    unfreezeFrom: 'block5a',
    mixup: 0,
    cutmix: 0,
    perClass: 0,
  },
  repository: { variant: 'lite0', headEpochs: 4, epochs: 8, rate: 1e-3, fineTuneRate: 1e-4 },
  quick: { headEpochs: 2, epochs: 3, perClass: 40 },
};

export const HEAD = { pooling: 'max', classifierActivation: 'sigmoid' } as const;
export const OPTIMIZER = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
export const CHECKPOINT = { monitor: 'val_loss', saveBestOnly: true, saveWeightsOnly: true } as const;
export const VALIDATION_FRACTION = 0.1;
