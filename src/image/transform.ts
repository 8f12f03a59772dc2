// A random change of a picture, and how changes follow one another. The changes themselves are in the files beside.

import { check, invalid, rule, type Random } from '../core/index.js';
import type { Pixels } from './pixels.js';

/** A change of a picture that draws its numbers from the stream it is given: the same stream, the same result. */
export interface Transform {
  /** What it does and how strongly, with units, one line for each step. */
  describe(): string;
  /** Returns a changed picture and leaves the given one alone. */
  apply(pixels: Pixels, random: Random): Pixels | Promise<Pixels>;
}

const transform = rule<Transform>('a transform', (value) => typeof (value as Transform | null)?.apply === 'function');

/** Makes a transform from its description and function. */
export function transformOf(description: string, apply: Transform['apply']): Transform {
  return { describe: () => description, apply };
}

/**
 * Applies transforms one after the other.
 *
 * @example
 * const recipe = sequence(randomResizedCrop(224), randomFlip(), colorJitter({ brightness: 0.3 }));
 * console.log(recipe.describe());
 */
export function sequence(...steps: readonly Transform[]): Transform {
  for (const step of steps) check('sequence', 'steps', step, transform);
  return {
    describe: () => steps.map((step) => step.describe()).join('\n'),
    async apply(pixels, random) {
      let result = pixels;
      for (const step of steps) result = await step.apply(result, random);
      return result;
    },
  };
}

/** Applies a transform to a share of the pictures. */
export function randomly(probability: number, step: Transform): Transform {
  if (!(probability >= 0 && probability <= 1)) throw invalid('randomly', 'probability', 'a number in [0, 1]', probability);
  check('randomly', 'step', step, transform);
  return {
    describe: () => `with probability ${probability}: ${step.describe()}`,
    apply: (pixels, random) => (random.next() < probability ? step.apply(pixels, random) : pixels),
  };
}

/** Applies one of several transforms, each as likely. */
export function oneOfTransforms(...steps: readonly Transform[]): Transform {
  for (const step of steps) check('oneOfTransforms', 'steps', step, transform);
  if (steps.length === 0) throw invalid('oneOfTransforms', 'steps', 'at least one transform', steps);
  return {
    describe: () => `one of: ${steps.map((step) => step.describe()).join(' | ')}`,
    apply: (pixels, random) => (steps[random.integer(steps.length)] as Transform).apply(pixels, random),
  };
}
