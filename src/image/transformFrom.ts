// Transforms from their specs: how another thread gets the recipe it is to apply.

import { invalid } from '../core/internal.js';
import { randomAffine } from './affine.js';
import { randomFlip } from './flip.js';
import { autoAugment, randAugment, trivialAugment } from './policies.js';
import { colorJitter, pcaLighting, randomBlur, randomErasing, randomGrayscale, randomResizedCrop, resizing } from './randomTransforms.js';
import { evalTransform, trainAugmentation } from './recipes.js';
import { oneOfTransforms, randomly, sequence, type Transform, type TransformSpec } from './transform.js';

type Maker = (...parameters: never[]) => Transform;

const MAKERS: Readonly<Record<string, Maker>> = {
  autoAugment,
  colorJitter,
  evalTransform,
  pcaLighting,
  randAugment,
  randomAffine,
  randomBlur,
  randomErasing,
  randomFlip,
  randomGrayscale,
  randomResizedCrop,
  resizing,
  trainAugmentation,
  trivialAugment,
};

/**
 * Makes a transform again from its `spec`.
 *
 * @param others - Makers of transforms that are not in this folder, by name.
 * @throws {OptionError} when no maker has the name.
 */
export function transformFrom(spec: TransformSpec, others: Readonly<Record<string, Maker>> = {}): Transform {
  const [name, ...parameters] = spec;
  const made = (part: unknown): Transform => transformFrom(part as TransformSpec, others);
  switch (name) {
    case 'sequence':
      return sequence(...parameters.map(made));
    case 'oneOfTransforms':
      return oneOfTransforms(...parameters.map(made));
    case 'randomly':
      return randomly(parameters[0] as number, made(parameters[1]));
  }
  // Asked for every image: the two lists are not joined.
  const makers = Object.hasOwn(others, name) ? others : MAKERS;
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined)
    throw invalid('transformFrom', 'spec', `a transform among ${Object.keys({ ...MAKERS, ...others }).join(', ')}`, name);
  return make(...(parameters as never[]));
}
