// The settings of this example. The README compares them with the article.

import path from 'node:path';
import type { RandomAffineOptions, RmsPropOptions } from 'effnet-ts';
import type { CommonSettings, Presets } from '../shared/settings.js';

/** How a table lists images and their findings. */
export interface TableSettings {
  /** File of the table in the data folder. */
  readonly csv: string;
  readonly pathColumn: string;
  /** Text after each cell of the path column, for example `.png`. */
  readonly suffix: string;
  readonly labelColumn: string;
  /** Text between several findings in one cell. If empty, each cell contains one finding. */
  readonly labelSeparator: string;
  /** Column of the patient. Images of one patient stay on one side of every split. If empty, each image is split separately. */
  readonly groupColumn: string;
  /** Findings to tell apart, separated by commas. If empty, all findings of the table. */
  readonly classes: string;
}

export interface Settings extends CommonSettings, TableSettings {
  readonly validationShare: number;
  readonly inputSize: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** First block, stage or layer that trains. `none` freezes the whole network and trains only the classifier. */
  readonly unfreezeFrom: string;
  /** 1 augments the training images; 0 only resizes them. */
  readonly augment: number;
  /** Largest random change of brightness and contrast, as a fraction; 0 turns it off. */
  readonly jitter: number;
  /** Number of networks, each trained without one part of the data. Their predictions are averaged. 1 trains one network on all of it. */
  readonly folds: number;
}

export const SETTINGS: Presets<Settings> = {
  full: {
    data: '',
    csv: 'train.csv',
    pathColumn: 'image_id',
    suffix: '.png',
    labelColumn: 'class_name',
    labelSeparator: '',
    groupColumn: '',
    classes: 'Aortic enlargement,No finding',
    validationShare: 0.2,
    variant: 'b6',
    weights: '',
    backend: 'wasm',
    workers: 4,
    seed: 42,
    out: path.join('runs', 'xray-findings'),
    inputSize: 528,
    batchSize: 32,
    epochs: 10,
    learningRate: 2e-5,
    unfreezeFrom: 'none',
    augment: 1,
    jitter: 0,
    mixup: 0,
    cutmix: 0,
    folds: 1,
  },
  repository: {
    csv: 'findings.csv',
    pathColumn: 'file',
    suffix: '',
    labelColumn: 'finding',
    classes: '',
    variant: 'lite0',
    workers: 0,
    inputSize: 96,
    batchSize: 16,
    epochs: 5,
    learningRate: 3e-4,
    unfreezeFrom: 'block7a',
    folds: 3,
  },
  quick: { inputSize: 64, epochs: 2, learningRate: 5e-4, folds: 2, unfreezeFrom: 'top' },
};

/** Ranges of Keras' ImageDataGenerator: degrees, fractions of the side, degrees, and fractions of the size. */
export const AUGMENTATION = { rotation: 40, shift: 0.2, shear: 0.2, zoom: 0.2, fillMode: 'nearest' } as const satisfies RandomAffineOptions;

/** The layers after the network without top. */
export const HEAD = { pooling: 'max', dropoutRate: 0.2 } as const;

/** The other constants of Keras' RMSprop. */
export const OPTIMIZER = { rho: 0.9, momentum: 0, epsilon: 1e-7 } as const satisfies RmsPropOptions;
