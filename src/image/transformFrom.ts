// Recreates transforms from their specs, so that worker threads can apply them.

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
 * Creates a transform from its `spec`.
 *
 * @param others - Additional functions that create transforms, by name.
 * @throws {OptionError} when no function has the name.
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
  // This runs for every image, so the two tables are not merged.
  const makers = Object.hasOwn(others, name) ? others : MAKERS;
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined)
    throw invalid('transformFrom', 'spec', `a transform among ${Object.keys({ ...MAKERS, ...others }).join(', ')}`, name);
  return make(...(parameters as never[]));
}
