// The transform type, and functions that combine transforms.

import { callable, check, invalid, probability as probabilityRule, record, rule, text } from '../core/internal.js';
import type { Random } from '../core/index.js';
import { checkPixels, isPixels, type Pixels } from './pixels.js';
import { completePreprocessing, samePreprocessing, type CompletePreprocessing, type Preprocessing } from './preprocess.js';
import { giveBack } from './spareFloats.js';

/** A transform as plain data, from which another thread can recreate it: the name of a function and its parameters. */
export type TransformSpec = readonly [name: string, ...parameters: readonly unknown[]];

/** A change of an image. All its random numbers come from the given stream, so the same stream gives the same result. */
export interface Transform {
  /** Describes each step in one line, including strengths and units. */
  describe(): string;
  /** Returns a changed image. Does not modify the given one. */
  apply(image: Pixels, random: Random): Pixels | Promise<Pixels>;
  /** The transform as plain data, or `undefined` if it contains a custom function. */
  readonly spec?: TransformSpec | undefined;
  /**
   * How evaluation must preprocess images for a model trained with this transform. 'kept' means that the transform does not change the
   * image size. `undefined` means unknown.
   */
  readonly preprocessing?: CompletePreprocessing | 'kept' | undefined;
}

const transform = rule<Transform>(
  'a transform',
  // Functions also have a method named `apply`.
  (value) =>
    record.accepts(value) && typeof (value as Transform).apply === 'function' && typeof (value as Transform).describe === 'function',
);
const sizeChange = rule<Preprocessing | 'kept' | undefined>(
  "'kept' or a preprocessing",
  (value) => value === undefined || value === 'kept' || record.accepts(value),
);
const stream = rule<Random>('a stream of random numbers', (value) => record.accepts(value) && typeof (value as Random).next === 'function');

/**
 * Creates a transform from a function. The transform cannot be sent to worker threads.
 *
 * @param preprocessing - 'kept' if the function keeps the image size, or the preprocessing to use in evaluation.
 * @defaultValue unknown
 * @throws {OptionError} when the preprocessing is invalid, or (when applied) if the function does not return an image.
 * @example
 * const inverted = transformOf('invert', (image) => ({ ...image, data: image.data.map((value) => 255 - value) }), 'kept');
 */
export function transformOf(description: string, apply: Transform['apply'], preprocessing?: Preprocessing | 'kept'): Transform {
  check('transformOf', 'description', description, text);
  check('transformOf', 'apply', apply, callable);
  check('transformOf', 'preprocessing', preprocessing, sizeChange);
  const complete = typeof preprocessing === 'object' ? completePreprocessing('transformOf', preprocessing) : preprocessing;
  const checked = (made: Pixels): Pixels => {
    if (isPixels(made)) return made;
    throw invalid(
      'transformOf',
      'apply',
      'a function that returns an image { width, height, channels, data }',
      made,
      `The transform is '${description}'.`,
    );
  };
  return {
    describe: () => description,
    apply: (image, random) => {
      const made = apply(image, random);
      return isPromise(made) ? Promise.resolve(made).then(checked) : checked(made);
    },
    preprocessing: complete,
  };
}

function isPromise(value: unknown): value is PromiseLike<Pixels> {
  return typeof (value as PromiseLike<Pixels> | null | undefined)?.then === 'function';
}

/**
 * Creates a transform of this library, which `transformFrom` can recreate from its spec. Arguments of `apply` are checked, and errors begin
 * with the name in the spec.
 */
export function transformWithSpec(
  spec: TransformSpec,
  preprocessing: Transform['preprocessing'],
  description: string,
  apply: Transform['apply'],
): Transform {
  return {
    describe: () => description,
    apply: (image, random) => {
      checkPixels(spec[0], image);
      check(spec[0], 'random', random, stream);
      return apply(image, random);
    },
    spec,
    preprocessing,
  };
}

/** Returns the preprocessing of a sequence: 'kept' if all steps keep the size, or that of the only step that does not. */
function combined(steps: readonly Transform[]): Transform['preprocessing'] {
  const resizing = steps.filter((step) => step.preprocessing !== 'kept');
  return resizing.length > 1 ? undefined : resizing.length === 0 ? 'kept' : resizing[0]?.preprocessing;
}

/** Returns the preprocessing that all alternatives share, or `undefined` if they differ. */
function agreed(steps: readonly Transform[]): Transform['preprocessing'] {
  const [first, ...others] = steps.map((step) => step.preprocessing);
  const same = (other: Transform['preprocessing']): boolean =>
    other === first || (typeof other === 'object' && typeof first === 'object' && samePreprocessing(other, first));
  return others.every(same) ? first : undefined;
}

/** Returns the spec of a transform composed of others, if all of them have one. */
function specOfAll(name: string, parameters: readonly unknown[], steps: readonly Transform[]): Pick<Transform, 'spec'> {
  const specs = steps.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
  return specs.length === steps.length ? { spec: [name, ...parameters, ...specs] } : {};
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
      // Whether the current image was created here and not passed to any custom function.
      let ours = false;
      for (const step of steps) {
        const given = result;
        result = await step.apply(given, random);
        if (ours && step.spec !== undefined) giveBack(given.data, result.data);
        ours = step.spec !== undefined && (ours || result.data.buffer !== given.data.buffer);
      }
      return result;
    },
    ...specOfAll('sequence', [], steps),
    preprocessing: combined(steps),
  };
}

/** Applies a transform to a random fraction of the images. */
export function randomly(probability: number, step: Transform): Transform {
  check('randomly', 'probability', probability, probabilityRule);
  check('randomly', 'step', step, transform);
  return {
    describe: () => `with probability ${probability}: ${step.describe()}`,
    apply: (pixels, random) => (random.next() < probability ? step.apply(pixels, random) : pixels),
    ...specOfAll('randomly', [probability], [step]),
    // The remaining images keep their size.
    preprocessing: step.preprocessing === 'kept' ? 'kept' : undefined,
  };
}

/** Applies one of several transforms, chosen at random with equal probability. */
export function oneOfTransforms(...steps: readonly Transform[]): Transform {
  for (const step of steps) check('oneOfTransforms', 'steps', step, transform);
  if (steps.length === 0) throw invalid('oneOfTransforms', 'steps', 'at least one transform', steps);
  return {
    describe: () => `one of: ${steps.map((step) => step.describe()).join(' | ')}`,
    apply: (pixels, random) => (steps[random.integer(steps.length)] as Transform).apply(pixels, random),
    ...specOfAll('oneOfTransforms', [], steps),
    preprocessing: agreed(steps),
  };
}
