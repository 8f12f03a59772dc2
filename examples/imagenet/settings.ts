// The settings and constants of the ImageNet example. The README beside this file compares each of them with the source.

import path from 'node:path';
import type { CommonSettings, Presets } from '../shared/settings.js';

export interface Settings extends CommonSettings {
  /** 'official' or 'flat'. '' reads it from the first record. */
  readonly schema: string;
  /** Training records in the folder of `data`, such as `train_tf/*`. '' looks in the known places. */
  readonly trainRecords: string;
  /** Validation records in the folder of `data`. '' looks in the known places. */
  readonly validationRecords: string;
  /** 'random' trains everything, BatchNormalization too. 'imagenet' starts from published weights and keeps their statistics. */
  readonly start: string;
  /** How the network differs from the baseline: 'baseline', 'depth', 'width', 'resolution' or 'compound'. */
  readonly scaling: string;
  /** Folders of earlier runs, separated by commas. Their activation maps are drawn beside those of this run. */
  readonly compare: string;
  /** Height and width of the input of the baseline, in pixels. */
  readonly inputSize: number;
  readonly batchSize: number;
  readonly epochs: number;
  /** The highest rate, at the end of the warm-up. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Number of records that the order is drawn from. */
  readonly shuffle: number;
  /** Number of training records, which the schedule needs. */
  readonly images: number;
  /** Checkpoints to keep, counted from the last one. 0 keeps all. */
  readonly keepCheckpoints: number;
  /** Files per side that the images of the repository are written to. */
  readonly shards: number;
  /** Images per class, at most. 0 is all. Applies to the images of the repository. */
  readonly perClass: number;
}

export const SETTINGS: Presets<Settings> = {
  full: {
    data: '',
    variant: 'b0',
    weights: '',
    backend: 'wasm',
    seed: 1,
    out: path.join('runs', 'imagenet'),
    workers: 0,
    mixup: 0,
    cutmix: 0,
    schema: '',
    trainRecords: '',
    validationRecords: '',
    start: 'random',
    scaling: 'baseline',
    compare: '',
    inputSize: 224,
    batchSize: 64,
    epochs: 60,
    learningRate: 0.02,
    warmupSteps: 1000,
    shuffle: 12_800,
    images: 1_281_167,
    keepCheckpoints: 0,
    shards: 8,
    perClass: 0,
  },
  repository: {
    variant: 'lite0',
    start: 'imagenet',
    inputSize: 96,
    batchSize: 32,
    epochs: 5,
    learningRate: 0.002,
    warmupSteps: 15,
    shuffle: 600,
    images: 600,
  },
  quick: { inputSize: 64, batchSize: 16, epochs: 2, warmupSteps: 3, images: 80, perClass: 8, shards: 2 },
};

/** Keras adds `l2(1e-5)` to the loss, 1e-5 times the square of a weight. Its gradient is 2e-5 times the weight. */
export const OPTIMIZER = { momentum: 0.9, weightDecay: 2e-5, weightDecayMode: 'coupled' } as const;

export const LOSS = { labelSmoothing: 0.1 } as const;

/** Share of the area that is cropped at random. */
export const CROP = { area: [0.08, 1] } as const;

/** Degrees, and what fills the corners: 0 is black. */
export const AFFINE = { rotation: 7, fillMode: 'constant', fillValue: 0 } as const;

/** The brightness is added to values from 0 to 255, so that it changes next to nothing, as in the source. */
export const COLORS = { hue: 0.3, saturation: [0.6, 1.4], brightness: 0.3 } as const;

export const LIGHTING = { sigma: 0.1 } as const;
