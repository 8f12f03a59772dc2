// The settings of food-photos. The table in the README compares them with the source.

import path from 'node:path';
import { DATA, type CommonSettings, type Presets } from '../shared/settings.js';

export interface FoodSettings extends CommonSettings {
  /** Side of the network's input in pixels. */
  readonly inputSize: number;
  readonly batchSize: number;
  /** Batches per update. Four batches of 8 make the same update as one of 32, in a quarter of the memory. */
  readonly accumulate: number;
  readonly dropoutRate: number;
  readonly headEpochs: number;
  readonly headRate: number;
  /** Epoch at which fine-tuning ends, counting those of the head as Keras does. */
  readonly epochs: number;
  /** Epoch at which fine-tuning starts, from 0. */
  readonly initialEpoch: number;
  readonly rate: number;
  /** Fraction of the validation batches that are evaluated after each epoch. */
  readonly validationShare: number;
  /** Maximum number of images per class; 0 uses all. */
  readonly perClass: number;
}

export const SETTINGS: Presets<FoodSettings> = {
  full: {
    data: '',
    variant: 'b0',
    weights: '',
    backend: 'wasm',
    seed: 1,
    out: path.join('runs', 'food-photos'),
    workers: 0,
    inputSize: 224,
    batchSize: 32,
    accumulate: 1,
    dropoutRate: 0,
    headEpochs: 3,
    headRate: 1e-3,
    epochs: 5,
    initialEpoch: 2,
    rate: 1e-4,
    validationShare: 0.1,
    mixup: 0,
    cutmix: 0,
    perClass: 0,
  },
  repository: { data: path.join(DATA, 'clothing'), variant: 'lite0', inputSize: 128, validationShare: 0.5 },
  quick: { inputSize: 96, epochs: 3, perClass: 8 },
};

export const HEAD = { pooling: 'avg', classifierActivation: 'softmax' } as const;
export const OPTIMIZER = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
export const CHECKPOINT = { monitor: 'val_accuracy', saveBestOnly: true, saveWeightsOnly: true } as const;
