// Measured settings of fineTune for a network that has a trained head. docs/training.md has the measurements.

import { check, checkOptions, either, oneOf, positive, positiveInteger } from '../core/internal.js';
import { layerSelector, type LayerSelector } from './freeze.js';
import type { FineTuneOptions } from './fineTuneOptions.js';
import { binaryCrossEntropy, softmaxCrossEntropy } from './losses.js';
import { adam } from './optimizers.js';
import { warmupCosine } from './schedules.js';

/** Options of {@link fineTuningRecipe}. */
export interface FineTuningRecipeOptions {
  /** Number of training images, from which the length of the schedule follows. */
  readonly images: number;
  /** Number of images per batch of the training data. @defaultValue 16 */
  readonly batchSize?: number | undefined;
  /** Number of epochs. @defaultValue 2 */
  readonly epochs?: number | undefined;
  /** The highest learning rate, which is reached after a tenth of the updates. @defaultValue 0.0002 */
  readonly learningRate?: number | undefined;
  /** Layers to train. BatchNormalization is never among them. @defaultValue 'all' */
  readonly unfreeze?: LayerSelector | 'all' | undefined;
  /** `'softmax'` for mutually exclusive classes, `'sigmoid'` for labels that do not exclude each other. @defaultValue 'softmax' */
  readonly classifierActivation?: 'softmax' | 'sigmoid' | undefined;
}

/** Options of {@link fineTune} that {@link fineTuningRecipe} returns. */
export type FineTuningRecipe = { readonly [K in 'stages' | 'loss' | 'optimizer']-?: NonNullable<FineTuneOptions[K]> };

/**
 * Returns options of {@link fineTune} for a model whose head is already trained, for example by {@link trainHead}.
 *
 * One stage trains all layers except BatchNormalization with Adam. The learning rate increases over the first tenth of the updates, then
 * falls to 0 along a cosine. With softmax, labels are smoothed by 0.1, so probabilities are less confident than they should be: add
 * `calibrate: true`. The recipe expects augmented images, for example with crops and flips.
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
  const { images, batchSize = 16, epochs = 2, learningRate = 2e-4, unfreeze = 'all', classifierActivation = 'softmax' } = options;
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
    optimizer: () => adam(),
  };
}
