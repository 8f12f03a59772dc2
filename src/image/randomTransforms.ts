// Random crops, color changes, blur and erasing.

import {
  arrayOf,
  checkOptions,
  either,
  nonNegative,
  oneOf,
  positive,
  probability as probabilityRule,
  rule,
  check,
  show,
} from '../core/internal.js';
import { ShapeError, type Random } from '../core/index.js';
import { gaussianBlur } from './blur.js';
import { adjustLightingFor, changeColor, recolored, toGrayscaleFor } from './color.js';
import { crop } from './crop.js';
import { level, sides, size as sizeRule, type Pixels, type Size } from './pixels.js';
import { completePreprocessing } from './preprocess.js';
import { describeResize, RESIZE_RULES, resizeFor, resolveResize, type ResizeOptions } from './resize.js';
import { roundHalfEven } from './roundHalfEven.js';
import { transformWithSpec, type Transform } from './transform.js';

/** The lowest and highest value of a range. */
export type NumberRange = readonly [low: number, high: number];

const range = (expected: string, top: number): ReturnType<typeof rule<NumberRange>> =>
  rule(
    expected,
    (value) => Array.isArray(value) && value.length === 2 && value.every((v) => positive.accepts(v) && v <= top) && value[0] <= value[1],
  );

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions extends ResizeOptions {
  /** Minimum and maximum fraction of the area. @defaultValue [0.08, 1] */
  readonly area?: NumberRange | undefined;
  /** Minimum and maximum of width divided by height. @defaultValue [3 / 4, 4 / 3] */
  readonly aspectRatio?: NumberRange | undefined;
}

/**
 * Crops a rectangle of random area, aspect ratio and position, and resizes it (Inception-style crop).
 *
 * @see `RandomResizedCrop` of torchvision, which also makes ten attempts and then uses a center crop
 */
export function randomResizedCrop(size: Size, options: RandomResizedCropOptions = {}): Transform {
  check('randomResizedCrop', 'size', size, sizeRule);
  const rules = { area: range('[low, high] in (0, 1]', 1), aspectRatio: range('[low, high] above 0', Infinity), ...RESIZE_RULES };
  const { area = [0.08, 1], aspectRatio = [3 / 4, 4 / 3], ...resizing } = checkOptions('randomResizedCrop', options, rules);
  resolveResize('randomResizedCrop', resizing);
  const ratio = (value: number): string => value.toFixed(2).replace(/\.?0+$/, '');
  const description =
    `random crop of ${area[0]} to ${area[1]} of the area, aspect ratio ${ratio(aspectRatio[0])} to ${ratio(aspectRatio[1])}, ` +
    `resized to ${sides(size).join(' x ')} (${resizing.interpolation ?? 'bilinear'})`;
  return transformWithSpec(['randomResizedCrop', size, options], undefined, description, (pixels, random) => {
    return resizeFor('randomResizedCrop', crop(pixels, randomBox(pixels, area, aspectRatio, random)), size, resizing);
  });
}

function randomBox(
  { height, width }: Pixels,
  area: NumberRange,
  aspectRatio: NumberRange,
  random: Random,
): { top: number; left: number; height: number; width: number } {
  for (let attempt = 0; attempt < 10; attempt++) {
    const pixels = height * width * random.uniform(...area);
    const ratio = Math.exp(random.uniform(Math.log(aspectRatio[0]), Math.log(aspectRatio[1])));
    const [h, w] = [roundHalfEven(Math.sqrt(pixels / ratio)), roundHalfEven(Math.sqrt(pixels * ratio))];
    if (h > 0 && w > 0 && h <= height && w <= width)
      return { top: random.integer(height - h + 1), left: random.integer(width - w + 1), height: h, width: w };
  }
  const h = Math.max(1, Math.min(height, roundHalfEven(width / aspectRatio[0])));
  const w = Math.max(1, Math.min(width, roundHalfEven(height * aspectRatio[1])));
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

/** Ranges of the color changes. A number d means a range around no change, a pair means [low, high]. */
export interface ColorJitterOptions {
  /** Maximum change as a fraction of 255: 0.3 adds between -76.5 and 76.5. @defaultValue none */
  readonly brightness?: number | undefined;
  /** Range of the contrast factor: d for [1 - d, 1 + d]. @defaultValue none */
  readonly contrast?: number | NumberRange | undefined;
  /** Range of the saturation factor: d for [1 - d, 1 + d]. @defaultValue none */
  readonly saturation?: number | NumberRange | undefined;
  /** Maximum rotation of the hue as a fraction of the color circle, in either direction: 0.3 is 108 degrees. @defaultValue none */
  readonly hue?: number | undefined;
}

/** Randomly changes hue, saturation, contrast and brightness, in this order. Each operation is that of `tf.image`. */
export function colorJitter(options: ColorJitterOptions): Transform {
  const factors = either(probabilityRule, range('[low, high] above 0', Infinity));
  checkOptions('colorJitter', options, { brightness: probabilityRule, contrast: factors, saturation: factors, hue: probabilityRule });
  const { hue, saturation, contrast, brightness } = options;
  const span = (value: number | NumberRange): NumberRange => (typeof value === 'number' ? [1 - value, 1 + value] : value);
  const steps: { name: keyof typeof changeColor; text: string; range: NumberRange }[] = [];
  if (hue !== undefined) steps.push({ name: 'hue', text: `hue by up to ${hue} of the circle`, range: [-hue, hue] });
  for (const [name, value] of Object.entries({ saturation, contrast })) {
    if (value === undefined) continue;
    const [low, high] = span(value);
    steps.push({ name: name as 'saturation' | 'contrast', text: `${name} by ${low} to ${high}`, range: [low, high] });
  }
  if (brightness !== undefined)
    steps.push({ name: 'brightness', text: `brightness by up to ${255 * brightness} of 255`, range: [-brightness, brightness] });
  return transformWithSpec(['colorJitter', options], 'kept', `colors: ${steps.map(({ text }) => text).join(', ')}`, (pixels, random) => {
    if (pixels.channels !== 3 && (hue !== undefined || saturation !== undefined)) {
      throw new ShapeError(`colorJitter: expected an image of 3 channels for hue and saturation, received ${pixels.channels}.`);
    }
    return recolored(pixels, (canvas) => {
      for (const { name, range } of steps) changeColor[name](canvas, random.uniform(...range));
    });
  });
}

/** Options of {@link pcaLighting}. */
export interface PcaLightingOptions {
  /** Standard deviation of the strength along each principal component. @defaultValue 0.1 */
  readonly sigma?: number | undefined;
}

/** Randomly shifts the colors along the principal components of ImageNet's colors, as in the training of AlexNet. */
export function pcaLighting(options: PcaLightingOptions = {}): Transform {
  const { sigma = 0.1 } = checkOptions('pcaLighting', options, { sigma: nonNegative });
  return transformWithSpec(['pcaLighting', options], 'kept', `PCA lighting noise, sigma ${sigma}`, (pixels, random) =>
    adjustLightingFor('pcaLighting', pixels, [random.normal() * sigma, random.normal() * sigma, random.normal() * sigma]),
  );
}

/** Options of {@link randomGrayscale}. */
export interface RandomGrayscaleOptions {
  /** Fraction of the images that are converted, in [0, 1]. @defaultValue 0.1 */
  readonly probability?: number | undefined;
}

/** Converts a random fraction of the images to grayscale. */
export function randomGrayscale(options: RandomGrayscaleOptions = {}): Transform {
  const { probability = 0.1 } = checkOptions('randomGrayscale', options, { probability: probabilityRule });
  return transformWithSpec(['randomGrayscale', options], 'kept', `grey, probability ${probability}`, (pixels, random) =>
    random.next() < probability ? toGrayscaleFor('randomGrayscale', pixels) : pixels,
  );
}

/** Options of {@link randomBlur}. */
export interface RandomBlurOptions {
  /** Minimum and maximum standard deviation in pixels. @defaultValue [0.1, 2] */
  readonly sigma?: NumberRange | undefined;
  /** Fraction of the images that are blurred. @defaultValue 0.5 */
  readonly probability?: number | undefined;
}

/** Blurs a random fraction of the images. */
export function randomBlur(options: RandomBlurOptions = {}): Transform {
  const rules = { sigma: range('[low, high] above 0', Infinity), probability: probabilityRule };
  const { sigma = [0.1, 2], probability = 0.5 } = checkOptions('randomBlur', options, rules);
  return transformWithSpec(
    ['randomBlur', options],
    'kept',
    `Gaussian blur of ${sigma[0]} to ${sigma[1]} pixels, probability ${probability}`,
    (pixels, random) => (random.next() < probability ? gaussianBlur(pixels, random.uniform(...sigma)) : pixels),
  );
}

/** Options of {@link randomErasing}. */
export interface RandomErasingOptions {
  /** Fraction of the images. @defaultValue 0.25 */
  readonly probability?: number | undefined;
  /** Minimum and maximum fraction of the area. @defaultValue [0.02, 1 / 3] */
  readonly area?: NumberRange | undefined;
  /**
   * Minimum and maximum of width divided by height. In torchvision's RandomErasing, `ratio` is height divided by width.
   * @defaultValue [1 / 3.3, 1 / 0.3]
   */
  readonly aspectRatio?: NumberRange | undefined;
  /**
   * 'constant' fills the rectangle with `fillValue`. 'noise' gives every channel of every pixel a random value. @defaultValue 'constant'
   */
  readonly fillMode?: 'constant' | 'noise' | undefined;
  /**
   * The color with `fillMode: 'constant'`, in [0, 255]: [red, green, blue], or one number for every channel.
   * @defaultValue [124, 116, 104], ImageNet's mean
   */
  readonly fillValue?: number | readonly [red: number, green: number, blue: number] | undefined;
}

/**
 * Overwrites a random rectangle in a random fraction of the images.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @throws {ShapeError} when applied to an image that does not have three channels, if `fillValue` is a color.
 * @see Random Erasing, arXiv 1708.04896
 */
export function randomErasing(options: RandomErasingOptions = {}): Transform {
  const rules = {
    probability: probabilityRule,
    area: range('[low, high] in (0, 1]', 1),
    aspectRatio: range('[low, high] above 0', Infinity),
    fillMode: oneOf('constant', 'noise'),
    fillValue: either(level, arrayOf(level, 3)),
  };
  const {
    probability = 0.25,
    area = [0.02, 1 / 3],
    aspectRatio = [1 / 3.3, 1 / 0.3],
    fillMode = 'constant',
    fillValue = [124, 116, 104],
  } = checkOptions('randomErasing', options, rules);
  return transformWithSpec(
    ['randomErasing', options],
    'kept',
    `erase ${area[0]} to ${area[1].toFixed(2)} of the area, probability ${probability}`,
    (pixels, random) => {
      if (fillMode === 'constant' && typeof fillValue !== 'number' && pixels.channels !== fillValue.length) {
        throw new ShapeError(
          `randomErasing: expected an image of 3 channels for \`fillValue\` ${show(fillValue)}, received ${pixels.channels}. ` +
            `Pass one number as \`fillValue\`.`,
        );
      }
      if (random.next() >= probability) return pixels;
      const box = randomBox(pixels, area, aspectRatio, random);
      const { channels } = pixels;
      const color = Array.from({ length: channels }, (_, i) => (typeof fillValue === 'number' ? fillValue : (fillValue[i] as number)));
      const data = pixels.data.slice();
      for (let y = box.top; y < box.top + box.height; y++) {
        for (let i = (y * pixels.width + box.left) * channels, end = i + box.width * channels; i < end; i++) {
          data[i] = fillMode === 'noise' ? Math.floor(256 * random.next()) : (color[i % channels] as number);
        }
      }
      return { ...pixels, data };
    },
  );
}

/**
 * Resizes every image. Use it as the first step of recipes that do not crop.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 */
export function resizing(size: Size, options: ResizeOptions = {}): Transform {
  check('resizing', 'size', size, sizeRule);
  const given = checkOptions('resizing', options, RESIZE_RULES);
  const description = `resize to ${sides(size).join(' x ')} (${describeResize(options)})`;
  const preprocessing = completePreprocessing('resizing', { inputSize: size, fit: 'stretch', ...given });
  return transformWithSpec(['resizing', size, options], preprocessing, description, (pixels) =>
    resizeFor('resizing', pixels, size, options),
  );
}
