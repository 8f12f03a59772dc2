// Labeled files to labeled images: what imageFolder, imagesFromCsv, imageFiles and recordImages have in common.

import {
  anything,
  callable,
  differentTexts,
  either,
  invalid,
  oneOf,
  positiveInteger,
  rule,
  text,
  type Rules,
} from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { makesPictures } from '../../data/internal.js';
import { oneHot, type ChangeOf, type Dataset, type Label, type LabeledImage, type MapOptions } from '../../data/index.js';
import { completePreprocessing, FITS, requirePreprocessing, RESIZE_RULES, size as sizeRule } from '../../image/internal.js';
import type { CompletePreprocessing, Fit, Interpolation, PreprocessingSource, Size } from '../../image/index.js';
import { DCT_METHODS, type DecodeImageOptions } from './decodeImage.js';
import type { ImageWorkers } from './imageWorkers.js';
import { readImage, type ImageSource } from './readImage.js';

/** What the label of an image is. */
export type LabelMode = 'int' | 'categorical' | 'binary';

export const LABEL_MODES = oneOf('int', 'categorical', 'binary');

/** Each name once: an image of a class that is named twice would have two labels. */
export const CLASS_NAMES = differentTexts;

/** How images are decoded and made a model's input. */
export interface ReadImagesOptions
  extends Pick<MapOptions, 'concurrency' | 'errors' | 'onSkipped'>, Pick<DecodeImageOptions, 'background' | 'maxPixels' | 'dctMethod'> {
  /**
   * How images are made: a preprocessing, or a model, runtime or dataset that has one. Takes the place of `inputSize`, `fit`,
   * `interpolation` and `antialias`. @defaultValue as these options say
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** Images are resized to this. @defaultValue each keeps its own size */
  readonly inputSize?: Size | undefined;
  /**
   * How images of other proportions come to `inputSize`. 'stretch' changes the proportions. 'crop' cuts the longer side, and 'pad' adds
   * black to the shorter one, before resizing; 'resizeCrop' and 'resizePad' do it afterwards. @defaultValue 'stretch'
   * @see {@link resizeTo}
   */
  readonly fit?: Fit | undefined;
  /**
   * 'exact' resizes as TensorFlow does. 'fast' lets sharp shrink JPEGs while they decode, with its own smooth kernel; the dataset's
   * `preprocessing` then says bilinear with antialiasing, which is an approximation. @defaultValue 'exact'
   */
  readonly resize?: 'exact' | 'fast' | undefined;
  /** How images are resized, where exactly. @defaultValue 'bilinear' */
  readonly interpolation?: Interpolation | undefined;
  /** Smooth when shrinking, as `tf.image.resize` with antialias. @defaultValue false */
  readonly antialias?: boolean | undefined;
  /** Threads that decode and resize. @defaultValue none: sharp's own threads decode, this one resizes */
  readonly workers?: ImageWorkers | undefined;
}

export const READ_IMAGES_RULES: Rules<ReadImagesOptions> = {
  preprocessing: anything,
  inputSize: sizeRule,
  fit: FITS,
  resize: oneOf('exact', 'fast'),
  interpolation: RESIZE_RULES.interpolation,
  antialias: RESIZE_RULES.antialias,
  background: text,
  maxPixels: positiveInteger,
  dctMethod: DCT_METHODS,
  concurrency: either(positiveInteger, oneOf('auto')),
  errors: oneOf('throw', 'skip'),
  onSkipped: callable,
  workers: rule<ImageWorkers>('what imageWorkers() makes', (value) => typeof (value as ImageWorkers | null)?.read === 'function'),
};

/** An image that is not decoded yet, with its label. */
export interface EncodedImage extends ImageSource {
  readonly origin: string;
  readonly label: Label;
}

const here: Pick<ImageWorkers, 'read'> = { read: readImage };

/**
 * How the options say that images are made; `undefined` where they keep their sizes.
 *
 * @throws {OptionError} when options do not go together, or the preprocessing of what is given is unknown.
 */
export function preprocessingOfOptions(where: string, options: ReadImagesOptions): CompletePreprocessing | undefined {
  const { preprocessing, inputSize, fit = 'stretch', resize = 'exact', interpolation = 'bilinear', antialias = false, dctMethod } = options;
  const fast = resize === 'fast';
  if (preprocessing !== undefined) {
    const other = (['inputSize', 'fit', 'interpolation', 'antialias'] as const).find((option) => options[option] !== undefined);
    if (other !== undefined) throw invalid(where, other, 'nothing beside `preprocessing`', options[other]);
    if (fast) throw invalid(where, 'resize', "'exact' beside `preprocessing`", resize, 'sharp cannot resize exactly as it says.');
    const complete = requirePreprocessing(where, preprocessing);
    if (typeof complete.fillValue !== 'number' && complete.fillValue.length !== 3) {
      throw invalid(where, 'fillValue', 'one value or 3, since images are decoded to RGB,', complete.fillValue);
    }
    return complete;
  }
  if (inputSize === undefined) {
    const used = Object.entries({ fit: fit !== 'stretch', resize: fast, interpolation: interpolation !== 'bilinear', antialias }).find(
      ([, isUsed]) => isUsed,
    )?.[0];
    if (used === undefined) return undefined;
    throw invalid(
      where,
      used,
      'nothing without `inputSize`',
      options[used as keyof ReadImagesOptions],
      'Images keep their own sizes without it.',
    );
  }
  if (!fast) return completePreprocessing(where, { inputSize, fit, interpolation, antialias });
  if (options.interpolation !== undefined || options.antialias !== undefined || dctMethod === 'fast') {
    throw invalid(where, 'resize', "'exact' with interpolation, antialias or dctMethod 'fast'", resize);
  }
  if (fit === 'resizeCrop' || fit === 'resizePad') throw invalid(where, 'resize', `'exact' with fit '${fit}'`, resize);
  return completePreprocessing(where, { inputSize, fit, interpolation: 'bilinear', antialias: true });
}

/** Decodes and preprocesses, several at once, in order. */
export function readImages(where: string, files: Dataset<EncodedImage>, options: ReadImagesOptions): Dataset<LabeledImage> {
  const {
    background,
    maxPixels,
    dctMethod,
    workers,
    concurrency = workers === undefined ? 'auto' : 4 * workers.threads,
    errors = 'throw',
    onSkipped,
  } = options;
  const preprocessing = preprocessingOfOptions(where, options);
  const byDecoder = options.resize === 'fast' && preprocessing !== undefined;
  const settings = {
    decoding: {
      ...(byDecoder ? { size: preprocessing.inputSize, fit: preprocessing.fit as DecodeImageOptions['fit'] } : {}),
      ...(background === undefined ? {} : { background }),
      ...(maxPixels === undefined ? {} : { maxPixels }),
      ...(dctMethod === undefined ? {} : { dctMethod }),
    },
    ...(byDecoder ? {} : { preprocessing }),
  };
  const read = (changeOf?: ChangeOf): Dataset<LabeledImage> =>
    makesPictures(
      files
        .map(
          async ({ label, ...source }, { epoch }) => ({
            pixels: await (workers ?? here).read(source, settings, changeOf?.(source.origin, epoch)),
            label,
            origin: source.origin,
          }),
          { concurrency, errors, ...(onSkipped === undefined ? {} : { onSkipped }), varies: changeOf !== undefined },
        )
        .withPreprocessing(preprocessing ?? 'original'),
    );
  const images = read();
  workers?.remember(images, read);
  return images;
}

/**
 * A class index as its mode has it.
 *
 * @throws {DataError} when it is none of the classes; with 'binary', of two.
 */
export function labelAs(mode: LabelMode, label: number, classes: number, where = 'readImages', origin?: string): Label {
  checkLabel(mode, label, classes, where, origin);
  switch (mode) {
    case 'int':
      return label;
    case 'binary':
      return Float32Array.of(label);
    case 'categorical':
      return oneHot(label, classes);
  }
}

/** @throws {DataError} when a class index is none of the classes; with 'binary', of two. */
export function checkLabel(mode: LabelMode, label: number, classes: number, where: string, origin?: string): void {
  const limit = mode === 'binary' ? 2 : classes;
  if (Number.isInteger(label) && label >= 0 && label < limit) return;
  throw new DataError(
    `${where}: expected a label in [0, ${limit})${origin === undefined ? '' : ` for '${origin}'`}, received ${label}.`,
    origin === undefined ? {} : { origin },
  );
}
