// A random change of an image, and how changes follow one another. The changes themselves are in the files beside.

import { callable, check, invalid, probability as probabilityRule, record, rule, text } from '../core/internal.js';
import type { Random } from '../core/index.js';
import { checkPixels, isPixels, type Pixels } from './pixels.js';
import { completePreprocessing, samePreprocessing, type CompletePreprocessing, type Preprocessing } from './preprocess.js';
import { giveBack } from './spareFloats.js';

/** What a transform is made of, as plain data another thread makes it from again: the name of a function and its parameters. */
export type TransformSpec = readonly [name: string, ...parameters: readonly unknown[]];

/** A change of an image that draws its numbers from the stream it is given: the same stream, the same result. */
export interface Transform {
  /** What it does and how strongly, with units, one line for each step. */
  describe(): string;
  /** Returns a changed image and leaves the given one alone. */
  apply(image: Pixels, random: Random): Pixels | Promise<Pixels>;
  /** What other threads make it from; `undefined` where a function of yours has a part in it. */
  readonly spec?: TransformSpec | undefined;
  /**
   * How evaluation makes the inputs of a model that learns from these images; 'kept' where the size stays the same; `undefined` when
   * unknown.
   */
  readonly preprocessing?: CompletePreprocessing | 'kept' | undefined;
}

const transform = rule<Transform>(
  'a transform',
  // Functions have a method called apply, too.
  (value) =>
    record.accepts(value) && typeof (value as Transform).apply === 'function' && typeof (value as Transform).describe === 'function',
);
const sizeChange = rule<Preprocessing | 'kept' | undefined>(
  "'kept' or a preprocessing",
  (value) => value === undefined || value === 'kept' || record.accepts(value),
);
const stream = rule<Random>('a stream of random numbers', (value) => record.accepts(value) && typeof (value as Random).next === 'function');

/**
 * Makes a transform from its description and function; it works on the thread it was made on.
 *
 * @param preprocessing - 'kept' when the function keeps the size of images, or how evaluation makes inputs where it is used.
 * @defaultValue unknown
 * @throws {OptionError} when the preprocessing is impossible; when applied, if the function returns anything but an image.
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
 * Makes a transform of this library, which `transformFrom` makes again from its spec. Checks what it is applied to, under the name in the
 * spec.
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

/** What transforms in a row do to the size: 'kept' where all keep it, and the preprocessing of the one that does not. */
function combined(steps: readonly Transform[]): Transform['preprocessing'] {
  const resizing = steps.filter((step) => step.preprocessing !== 'kept');
  return resizing.length > 1 ? undefined : resizing.length === 0 ? 'kept' : resizing[0]?.preprocessing;
}

/** What transforms of which one is chosen do to the size: what all of them do. */
function agreed(steps: readonly Transform[]): Transform['preprocessing'] {
  const [first, ...others] = steps.map((step) => step.preprocessing);
  const same = (other: Transform['preprocessing']): boolean =>
    other === first || (typeof other === 'object' && typeof first === 'object' && samePreprocessing(other, first));
  return others.every(same) ? first : undefined;
}

/** The spec of a transform made of others, where all of them have one. */
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
      // Made here and seen by no function of the caller's.
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

/** Applies a transform to a share of the images. */
export function randomly(probability: number, step: Transform): Transform {
  check('randomly', 'probability', probability, probabilityRule);
  check('randomly', 'step', step, transform);
  return {
    describe: () => `with probability ${probability}: ${step.describe()}`,
    apply: (pixels, random) => (random.next() < probability ? step.apply(pixels, random) : pixels),
    ...specOfAll('randomly', [probability], [step]),
    // The other images keep their size.
    preprocessing: step.preprocessing === 'kept' ? 'kept' : undefined,
  };
}

/** Applies one of several transforms, each as likely. */
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
