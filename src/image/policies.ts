// Augmentation policies, which choose operations and their strengths at random.

import { arrayOf, check, checkOptions, nonNegativeInteger, oneOf, rule } from '../core/internal.js';
import type { Random } from '../core/index.js';
import type { Pixels } from './pixels.js';
import { applyOperation, checkChannels, POLICY_OPERATIONS, type PolicyOperation } from './policyOperations.js';
import { transformWithSpec, type Transform } from './transform.js';

/** Options of {@link randAugment}. */
export interface RandAugmentOptions {
  /** Number of operations applied to each image. @defaultValue 2 */
  readonly layers?: number | undefined;
  /** Strength of all operations, in [0, 10]. For reference, EfficientNet-B5 was trained with 17 of 30 and V2-S with 10. @defaultValue 9 */
  readonly magnitude?: number | undefined;
  /** The operations to choose from. @defaultValue all operations */
  readonly operations?: readonly PolicyOperation[] | undefined;
}

const magnitudeRule = rule<number>('a number in [0, 10]', (value) => typeof value === 'number' && value >= 0 && value <= 10);

/**
 * Applies several randomly chosen operations with the same strength.
 *
 * @see RandAugment, arXiv 1909.13719; timm/data/auto_augment.py, without its 'increasing' variants
 */
export function randAugment(options: RandAugmentOptions = {}): Transform {
  const rules = { layers: nonNegativeInteger, magnitude: magnitudeRule, operations: arrayOf(oneOf(...POLICY_OPERATIONS)) };
  const { layers = 2, magnitude = 9, operations = POLICY_OPERATIONS } = checkOptions('randAugment', options, rules);
  check(
    'randAugment',
    'operations',
    operations,
    rule('at least one operation', () => operations.length > 0),
  );
  return transformWithSpec(
    ['randAugment', options],
    'kept',
    `RandAugment: ${layers} of ${operations.length} operations, magnitude ${magnitude} of 10`,
    (pixels, random) => {
      checkChannels('randAugment', pixels, operations);
      let result = pixels;
      for (let i = 0; i < layers; i++) {
        const operation = operations[random.integer(operations.length)] as PolicyOperation;
        result = applyOperation(result, operation, strengthOf(operation, magnitude, random));
      }
      return result;
    },
  );
}

type Step = readonly [operation: PolicyOperation, probability: number, magnitude: number];

/** ImageNet policy v0, used to train EfficientNet: 25 pairs of operations. */
export const AUTO_AUGMENT_V0: readonly (readonly [Step, Step])[] = [
  [
    ['Equalize', 0.8, 1],
    ['ShearY', 0.8, 4],
  ],
  [
    ['Color', 0.4, 9],
    ['Equalize', 0.6, 3],
  ],
  [
    ['Color', 0.4, 1],
    ['Rotate', 0.6, 8],
  ],
  [
    ['Solarize', 0.8, 3],
    ['Equalize', 0.4, 7],
  ],
  [
    ['Solarize', 0.4, 2],
    ['Solarize', 0.6, 2],
  ],
  [
    ['Color', 0.2, 0],
    ['Equalize', 0.8, 8],
  ],
  [
    ['Equalize', 0.4, 8],
    ['SolarizeAdd', 0.8, 3],
  ],
  [
    ['ShearX', 0.2, 9],
    ['Rotate', 0.6, 8],
  ],
  [
    ['Color', 0.6, 1],
    ['Equalize', 1, 2],
  ],
  [
    ['Invert', 0.4, 9],
    ['Rotate', 0.6, 0],
  ],
  [
    ['Equalize', 1, 9],
    ['ShearY', 0.6, 3],
  ],
  [
    ['Color', 0.4, 7],
    ['Equalize', 0.6, 0],
  ],
  [
    ['Posterize', 0.4, 6],
    ['AutoContrast', 0.4, 7],
  ],
  [
    ['Solarize', 0.6, 8],
    ['Color', 0.6, 9],
  ],
  [
    ['Solarize', 0.2, 4],
    ['Rotate', 0.8, 9],
  ],
  [
    ['Rotate', 1, 7],
    ['TranslateY', 0.8, 9],
  ],
  [
    ['ShearX', 0, 0],
    ['Solarize', 0.8, 4],
  ],
  [
    ['ShearY', 0.8, 0],
    ['Color', 0.6, 4],
  ],
  [
    ['Color', 1, 0],
    ['Rotate', 0.6, 2],
  ],
  [
    ['Equalize', 0.8, 4],
    ['Equalize', 0, 8],
  ],
  [
    ['Equalize', 1, 4],
    ['AutoContrast', 0.6, 2],
  ],
  [
    ['ShearY', 0.4, 7],
    ['SolarizeAdd', 0.6, 7],
  ],
  [
    ['Posterize', 0.8, 2],
    ['Solarize', 0.6, 10],
  ],
  [
    ['Solarize', 0.6, 8],
    ['Equalize', 0.6, 1],
  ],
  [
    ['Color', 0.8, 6],
    ['Rotate', 0.4, 5],
  ],
];

/**
 * Applies one of the 25 pairs of operations in AutoAugment's ImageNet policy v0, which was used to train EfficientNet. Translations are
 * fractions of the side length.
 *
 * @see AutoAugment, arXiv 1805.09501; `policy_v0` in tensorflow/tpu models/official/efficientnet/autoaugment.py
 */
export function autoAugment(): Transform {
  return transformWithSpec(['autoAugment'], 'kept', 'AutoAugment: one of the 25 pairs of policy v0', (pixels, random) => {
    checkChannels('autoAugment', pixels, POLICY_OPERATIONS);
    let result = pixels;
    for (const [operation, probability, magnitude] of AUTO_AUGMENT_V0[random.integer(AUTO_AUGMENT_V0.length)] ?? []) {
      if (random.next() < probability) result = applyOperation(result, operation, strengthOf(operation, magnitude, random));
    }
    return result;
  });
}

/** Returns the strength of an operation for a magnitude in [0, 10]. The direction is random. */
function strengthOf(operation: PolicyOperation, magnitude: number, random: Random): number {
  const share = magnitude / 10;
  const side = (): number => (random.next() < 0.5 ? -1 : 1);
  switch (operation) {
    case 'Rotate':
      return side() * 30 * share;
    case 'ShearX':
    case 'ShearY':
      return side() * 0.3 * share;
    case 'TranslateX':
    case 'TranslateY':
      return side() * 0.45 * share;
    case 'Posterize':
      return Math.trunc(4 * share);
    case 'Solarize':
      return Math.trunc(256 * share);
    case 'SolarizeAdd':
      return Math.trunc(110 * share);
    case 'Color':
    case 'Contrast':
    case 'Brightness':
    case 'Sharpness':
      return 0.1 + 1.8 * share;
    case 'AutoContrast':
    case 'Equalize':
    case 'Invert':
      return 0;
  }
}

const TRIVIAL: readonly (PolicyOperation | 'Identity')[] = [
  'Identity',
  'AutoContrast',
  'Equalize',
  'Rotate',
  'Posterize',
  'Solarize',
  'Color',
  'Contrast',
  'Brightness',
  'Sharpness',
  'ShearX',
  'ShearY',
  'TranslateX',
  'TranslateY',
];

/**
 * Applies one random operation at one of 31 random strengths. There are no hyperparameters.
 *
 * @see TrivialAugment, arXiv 2103.10158, with the wide search space; translation is up to 32 pixels
 */
export function trivialAugment(): Transform {
  return transformWithSpec(['trivialAugment'], 'kept', 'TrivialAugment: one of 14 operations at any strength', (pixels, random) => {
    checkChannels('trivialAugment', pixels, POLICY_OPERATIONS);
    const operation = TRIVIAL[random.integer(TRIVIAL.length)] as PolicyOperation | 'Identity';
    const share = random.integer(31) / 30;
    const side = random.next() < 0.5 ? -1 : 1;
    return operation === 'Identity' ? pixels : applyOperation(pixels, operation, trivialStrength(operation, share, side, pixels));
  });
}

function trivialStrength(operation: PolicyOperation, share: number, side: number, { width, height }: Pixels): number {
  switch (operation) {
    case 'Rotate':
      return side * 135 * share;
    case 'ShearX':
    case 'ShearY':
      return side * 0.99 * share;
    case 'TranslateX':
      return (side * 32 * share) / width;
    case 'TranslateY':
      return (side * 32 * share) / height;
    case 'Posterize':
      return 8 - Math.round(6 * share);
    case 'Solarize':
      return 255 * (1 - share);
    case 'Color':
    case 'Contrast':
    case 'Brightness':
    case 'Sharpness':
      return 1 + side * 0.99 * share;
    case 'AutoContrast':
    case 'Equalize':
    case 'Invert':
    case 'SolarizeAdd':
      return 0;
  }
}
