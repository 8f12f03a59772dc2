// The recommended settings of fineTune for a network that has a trained head. The measurements behind them are in docs/training.md.

import { check, checkOptions, either, oneOf, positive, positiveInteger } from '../core/internal.js';
import { layerSelector, type LayerSelector } from './freeze.js';
import type { FineTuneOptions } from './fineTuneOptions.js';
import { binaryCrossEntropy, softmaxCrossEntropy } from './losses.js';
import { adamW } from './optimizers.js';
import { warmupCosine } from './schedules.js';

/** Options of {@link fineTuningRecipe}. */
export interface FineTuningRecipeOptions {
  /** Number of training images. It determines the number of epochs and the schedule. */
  readonly images: number;
  /** Number of images per batch of the training data. @defaultValue 16 */
  readonly batchSize?: number | undefined;
  /**
   * Number of epochs.
   * @defaultValue 10 for fewer than 300 images, 6 for fewer than 3,000, 4 for fewer than 30,000, otherwise 3
   */
  readonly epochs?: number | undefined;
  /** The highest learning rate, which is reached after a tenth of the updates. @defaultValue 0.0003 */
  readonly learningRate?: number | undefined;
  /** Layers to train. `'all'` takes longer, and suits images that differ from photos. @defaultValue { from: 'block4a' } */
  readonly unfreeze?: LayerSelector | 'all' | undefined;
  /** `'softmax'` for mutually exclusive classes, `'sigmoid'` for labels that do not exclude each other. @defaultValue 'softmax' */
  readonly classifierActivation?: 'softmax' | 'sigmoid' | undefined;
}

/** Options of {@link fineTune} that {@link fineTuningRecipe} returns. */
export type FineTuningRecipe = { readonly [K in 'stages' | 'loss' | 'optimizer']-?: NonNullable<FineTuneOptions[K]> };

/**
 * Returns the recommended options of {@link fineTune} for a model whose head is already trained, for example by {@link trainHead}.
 *
 * One stage trains the layers from `block4a` on, except BatchNormalization, with AdamW and a weight decay of 0.01. The learning rate
 * increases over the first tenth of the updates, then falls to 0 along a cosine. With softmax, labels are smoothed by 0.1, so probabilities
 * are less confident than they should be: add `calibrate: true`. The recipe expects augmented images, such as those of `trainAugmentation`.
 *
 * @returns Plain options, of which any can be replaced.
 * @throws {OptionError} when an option is unknown or invalid, or `images` is missing.
 * @example
 * const preprocessing = { inputSize: 224, fit: 'stretch', antialias: true } as const; // that of trainAugmentation('default', 224)
 * const train = await imageFolder('photos/train');
 * const validation = await imageFolder('photos/validation', { preprocessing, shuffle: false });
 * const history = await fineTune(model, {
 *   ...fineTuningRecipe({ images: train.files.length }),
 *   train: imageBatches(augment(train.images, trainAugmentation('default', 224)), { batchSize: 16 }),
 *   validation: imageBatches(validation.images),
 *   calibrate: true,
 * });
 */
export function fineTuningRecipe(options: FineTuningRecipeOptions): FineTuningRecipe {
  const where = 'fineTuningRecipe';
  checkOptions(where, options, {
    images: positiveInteger,
    batchSize: positiveInteger,
    epochs: positiveInteger,
    learningRate: positive,
    unfreeze: either(oneOf('all'), layerSelector),
    classifierActivation: oneOf('softmax', 'sigmoid'),
  });
  check(where, 'images', options.images, positiveInteger);
  const { images, batchSize = 16, learningRate = 3e-4, unfreeze = { from: 'block4a' }, classifierActivation = 'softmax' } = options;
  const epochs = options.epochs ?? epochsFor(images);
  const totalSteps = epochs * Math.ceil(images / batchSize);
  return {
    stages: [
      {
        unfreeze,
        epochs,
        learningRate: warmupCosine({ maxLearningRate: learningRate, warmupSteps: Math.floor(totalSteps / 10), totalSteps }),
      },
    ],
    loss: classifierActivation === 'softmax' ? softmaxCrossEntropy({ labelSmoothing: 0.1 }) : binaryCrossEntropy(),
    optimizer: () => adamW({ weightDecay: 0.01 }),
  };
}

function epochsFor(images: number): number {
  if (images < 300) return 10;
  if (images < 3000) return 6;
  return images < 30_000 ? 4 : 3;
}
