// Recipes by name: what a picture goes through in training, and what in evaluation.

import { check, invalid, oneOf, positiveInteger } from '../core/index.js';
import { centerCrop } from './crop.js';
import { resizeShorterSide } from './evaluationCrops.js';
import { randomFlip } from './flip.js';
import { checkPreprocessing, describePreprocessing, preprocessFor, type Preprocessing } from './preprocess.js';
import { randomAffine } from './affine.js';
import { colorJitter, pcaLighting, randomResizedCrop, resizing } from './randomTransforms.js';
import { sequence, transformWithSpec, type Transform } from './transform.js';

interface Recipe {
  readonly train: (size: number) => Transform;
  readonly evaluate: (size: number) => Transform;
}

const only = (size: number): Transform => sequence(resizing(size));

const RECIPES = {
  /** For a few hundred photos of anything: gentle crops that keep the object in view, flips, slight colors. */
  default: {
    train: (size) =>
      sequence(
        randomResizedCrop(size, { area: [0.5, 1], antialias: true }),
        randomFlip(),
        colorJitter({ brightness: 0.1, contrast: 0.2, saturation: 0.2 }),
      ),
    evaluate: (size) => sequence(resizing(size, { antialias: true })),
  },
  /** The ImageNet recipe of the AlexNet and GluonCV line. */
  imagenet: {
    train: (size) =>
      sequence(
        randomResizedCrop(size),
        randomFlip(),
        randomAffine({ rotation: 7 }),
        colorJitter({ hue: 0.3, saturation: [0.6, 1.4], brightness: 0.3 }),
        pcaLighting({ sigma: 0.1 }),
      ),
    evaluate: (size) =>
      transformWithSpec(
        ['evalTransform', 'imagenet', size],
        `shorter side to ${Math.round((256 * size) / 224)} (256 x ${size}/224), center crop ${size} x ${size}`,
        (pixels) => centerCrop(resizeShorterSide(pixels, Math.round((256 * size) / 224)), size),
      ),
  },
  /** Chest X-rays: Keras' affine family. */
  xray: {
    train: (size) => sequence(resizing(size), randomAffine({ rotation: 40, shift: 0.2, shear: 0.2, zoom: 0.2, fillMode: 'nearest' }), randomFlip()),
    evaluate: only,
  },
  /** Dishes, resized and nothing else. */
  food: { train: only, evaluate: only },
  /** Aerial photos of cacti, resized and nothing else. */
  cactus: { train: only, evaluate: only },
} as const satisfies Record<string, Recipe>;

/** A recipe's name. */
export type RecipeName = keyof typeof RECIPES;

const NAMES = Object.keys(RECIPES) as RecipeName[];

/**
 * Gives the training side of a recipe; normalization is in the model, so none is here.
 *
 * @param size - Side of the model's input in pixels.
 * @throws {OptionError} when the name is unknown.
 * @example
 * const recipe = trainAugmentation('imagenet', 224);
 * console.log(recipe.describe());
 * const batches = imageBatches(augment(images, recipe, { seed: 1 }));
 */
export function trainAugmentation(recipe: RecipeName = 'default', size = 224): Transform {
  check('trainAugmentation', 'recipe', recipe, oneOf(...NAMES));
  check('trainAugmentation', 'size', size, positiveInteger);
  return RECIPES[recipe].train(size);
}

/**
 * Gives the evaluation side of a recipe, or of a model's preprocessing: nothing random.
 *
 * @param recipe - A recipe's name, or how images become a model's input, as `PRETRAINED` has it.
 * @param size - Side of the model's input in pixels; a preprocessing has its own.
 * @throws {OptionError} when the name is unknown, or the preprocessing is impossible.
 * @example
 * const test = augment(images, evalTransform({ inputSize: 300, fit: 'stretch', antialias: true }));
 */
export function evalTransform(recipe: RecipeName | Preprocessing = 'default', size?: number): Transform {
  if (typeof recipe === 'object') {
    checkPreprocessing('evalTransform', recipe);
    if (size !== undefined) throw invalid('evalTransform', 'size', 'none beside a preprocessing, which has `inputSize`', size);
    return transformWithSpec(['evalTransform', recipe], describePreprocessing(recipe), (pixels) => preprocessFor('evalTransform', pixels, recipe));
  }
  check('evalTransform', 'recipe', recipe, oneOf(...NAMES));
  check('evalTransform', 'size', size ?? 224, positiveInteger);
  return RECIPES[recipe].evaluate(size ?? 224);
}
