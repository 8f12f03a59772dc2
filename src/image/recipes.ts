// Named recipes for augmentation in training and preprocessing in evaluation.

import { check, invalid, keysOf, oneOf, positiveInteger } from '../core/internal.js';
import { randomFlip } from './flip.js';
import { completePreprocessing, describePreprocessing, preprocessFor, type Preprocessing } from './preprocess.js';
import { requirePreprocessing, type PreprocessingSource } from './preprocessingOf.js';
import { randomAffine } from './affine.js';
import { colorJitter, pcaLighting, randomResizedCrop, resizing } from './randomTransforms.js';
import { sequence, transformWithSpec, type Transform } from './transform.js';

interface Recipe {
  readonly train: (size: number) => Transform;
  readonly evaluate: (size: number) => Preprocessing;
}

const stretched = (inputSize: number): Preprocessing => ({ inputSize, fit: 'stretch' });

/** The name of a recipe. */
export type RecipeName = 'default' | 'imagenet' | 'xray' | 'resize';

const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  /** For small datasets of photos: moderate crops that keep the object visible, flips and small color changes. */
  default: {
    train: (size) =>
      sequence(
        randomResizedCrop(size, { area: [0.5, 1], antialias: true }),
        randomFlip(),
        colorJitter({ brightness: 0.1, contrast: 0.2, saturation: 0.2 }),
      ),
    evaluate: (inputSize) => ({ inputSize, fit: 'stretch', antialias: true }),
  },
  /**
   * The ImageNet recipe of AlexNet and GluonCV. Evaluation uses a center crop of 224 pixels after resizing the shorter side to 256, or the
   * same ratio for other sizes.
   */
  imagenet: {
    train: (size) =>
      sequence(
        randomResizedCrop(size),
        randomFlip(),
        randomAffine({ rotation: 7 }),
        colorJitter({ hue: 0.3, saturation: [0.6, 1.4], brightness: 0.3 }),
        pcaLighting({ sigma: 0.1 }),
      ),
    evaluate: (inputSize) => ({ inputSize, fit: 'resizeCrop', cropFraction: inputSize / Math.round((256 * inputSize) / 224) }),
  },
  /** For chest X-rays: the affine transformations of Keras. */
  xray: {
    train: (size) =>
      sequence(resizing(size), randomAffine({ rotation: 40, shift: 0.2, shear: 0.2, zoom: 0.2, fillMode: 'nearest' }), randomFlip()),
    evaluate: stretched,
  },
  /** Only resizes. */
  resize: { train: (size) => resizing(size), evaluate: stretched },
};

const NAMES = /* @__PURE__ */ keysOf(RECIPES);

/**
 * Returns the augmentation of a recipe for training. Its `preprocessing` is that of {@link evalTransform}. Normalization is part of the
 * model.
 *
 * @param recipe - 'default': moderate crops, flips and color changes. 'imagenet': strong ones. 'xray': rotation, shift, shear, zoom and
 * flips. 'resize': only resizes.
 * @param size - Height and width of the model's input in pixels.
 * @throws {OptionError} when the name is unknown.
 * @example
 * const recipe = trainAugmentation('imagenet', 224);
 * console.log(recipe.describe());
 * const batches = imageBatches(augment(images, recipe, { seed: 1 }));
 */
export function trainAugmentation(recipe: RecipeName = 'default', size = 224): Transform {
  check('trainAugmentation', 'recipe', recipe, oneOf(...NAMES));
  check('trainAugmentation', 'size', size, positiveInteger);
  const { train, evaluate } = RECIPES[recipe];
  const made = train(size);
  const preprocessing = completePreprocessing('trainAugmentation', evaluate(size));
  return transformWithSpec(['trainAugmentation', recipe, size], preprocessing, made.describe(), (pixels, random) =>
    made.apply(pixels, random),
  );
}

/**
 * Returns a transform that preprocesses images for evaluation, without randomness.
 *
 * @param preprocessing - The name of a recipe; a preprocessing, for example that of a `PRETRAINED` entry; or a model, runtime or dataset
 * that has one.
 * @param size - Height and width of the model's input in pixels. Only for the name of a recipe. @defaultValue 224
 * @throws {OptionError} when the name is unknown, or the preprocessing is unknown or invalid.
 * @example
 * const test = augment(images, evalTransform(model)); // images of any size: the transform resizes them
 */
export function evalTransform(preprocessing: RecipeName | PreprocessingSource = 'default', size?: number): Transform {
  const where = 'evalTransform';
  if (typeof preprocessing === 'string') {
    check(where, 'preprocessing', preprocessing, oneOf(...NAMES));
    if (size !== undefined) check(where, 'size', size, positiveInteger);
    return evalTransform(RECIPES[preprocessing].evaluate(size ?? 224));
  }
  const record = requirePreprocessing(where, preprocessing);
  if (size !== undefined) throw invalid(where, 'size', 'no value beside a preprocessing, which contains `inputSize`,', size);
  return transformWithSpec([where, record], record, describePreprocessing(record), (pixels) => preprocessFor(where, pixels, record));
}
