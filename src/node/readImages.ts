// Labeled files to labeled pictures: what imageFolder, imagesFromCsv, imageFiles and recordImages have in common.

import { callable, DataError, either, invalid, oneOf, positiveInteger, rule, text, type Rules } from '../core/index.js';
import { makesPictures, oneHot, type ChangeOf, type Dataset, type Label, type LabeledImage, type MapOptions } from '../data/index.js';
import { FITS, RESIZE_RULES, size as sizeRule, type Fit, type Interpolation, type Size } from '../image/index.js';
import { DCT_METHODS, type DecodeOptions } from './decodeImage.js';
import type { ImageWorkers } from './imageWorkers.js';
import { readImage, type ImageSource } from './readImage.js';

/** What the label of a picture is. */
export type LabelMode = 'int' | 'categorical' | 'binary';

export const LABEL_MODES = oneOf('int', 'categorical', 'binary');

/** Each name once: an image of a class that is named twice would have two labels. */
export const CLASS_NAMES = rule<readonly string[]>('an array of different non-empty strings', (value) =>
  Array.isArray(value) && value.every(text.accepts) && new Set(value).size === value.length);

/** How pictures are decoded and resized. */
export interface ReadImagesOptions extends Pick<MapOptions, 'concurrency' | 'errors' | 'onSkipped'>, Pick<DecodeOptions, 'background' | 'maxPixels' | 'dctMethod'> {
  /** Pictures are resized to this. @defaultValue each keeps its own size */
  readonly inputSize?: Size | undefined;
  /**
   * 'stretch' changes the proportions. 'crop' cuts the longer side, and 'pad' adds black to the shorter one, before resizing; 'resizeCrop' and
   * 'resizePad' do it afterwards. @defaultValue 'stretch'
   * @see {@link resizeTo}
   */
  readonly fit?: Fit | undefined;
  /** 'exact' resizes as TensorFlow does; 'fast' lets sharp shrink JPEGs while they decode, with its own smooth kernel. @defaultValue 'exact' */
  readonly resize?: 'exact' | 'fast' | undefined;
  /** How pictures are resized, where exactly. @defaultValue 'bilinear' */
  readonly interpolation?: Interpolation | undefined;
  /** Smooth when shrinking, as `tf.image.resize` with antialias. @defaultValue false */
  readonly antialias?: boolean | undefined;
  /** Threads that decode and resize. @defaultValue none: sharp's own threads decode, this one resizes */
  readonly workers?: ImageWorkers | undefined;
}

export const READ_IMAGES_RULES: Rules<ReadImagesOptions> = {
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

/** A picture that is not decoded yet, with its label. */
export interface EncodedImage extends ImageSource {
  readonly label: Label;
}

const here: Pick<ImageWorkers, 'read'> = { read: readImage };

/** Decodes and resizes, several at once, in order. */
export function readImages(where: string, files: Dataset<EncodedImage>, options: ReadImagesOptions): Dataset<LabeledImage> {
  const { inputSize, fit = 'stretch', resize = 'exact', interpolation = 'bilinear', antialias = false, background, maxPixels, dctMethod } = options;
  const { workers, concurrency = workers === undefined ? 'auto' : 4 * workers.threads, errors = 'throw', onSkipped } = options;
  const fast = resize === 'fast';
  if (fast && (inputSize === undefined || options.interpolation !== undefined || options.antialias !== undefined || dctMethod === 'fast')) {
    throw invalid(where, 'resize', "'exact' without inputSize, and with interpolation, antialias or dctMethod 'fast'", resize);
  }
  const byDecoder = fast && fit !== 'resizeCrop' && fit !== 'resizePad';
  if (fast && !byDecoder) throw invalid(where, 'resize', `'exact' with fit '${fit}'`, resize);
  const decoding = {
    ...(byDecoder ? { size: inputSize as Size, fit } : {}),
    ...(background === undefined ? {} : { background }),
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(dctMethod === undefined ? {} : { dctMethod }),
  };
  const settings = {
    decoding,
    ...(inputSize === undefined || fast ? {} : { resizing: { size: inputSize, fit, interpolation, antialias } }),
  };
  // sharp's smooth kernel has no counterpart here; antialiased bilinear is the nearest.
  const preprocessing = inputSize === undefined ? 'original' : { inputSize, fit, interpolation, antialias: antialias || fast };
  const read = (changeOf?: ChangeOf): Dataset<LabeledImage> => makesPictures(files.map(
    async ({ label, ...source }, { epoch }) => ({ pixels: await (workers ?? here).read(source, settings, changeOf?.(source.origin, epoch)), label, origin: source.origin }),
    { concurrency, errors, ...(onSkipped === undefined ? {} : { onSkipped }), varies: changeOf !== undefined },
  ).withPreprocessing(changeOf === undefined ? preprocessing : undefined));
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
  const limit = mode === 'binary' ? 2 : classes;
  if (!(Number.isInteger(label) && label >= 0 && label < limit)) {
    throw new DataError(`${where}: expected a label in [0, ${limit})${origin === undefined ? '' : ` for '${origin}'`}, received ${label}.`, origin === undefined ? {} : { origin });
  }
  switch (mode) {
    case 'int':
      return label;
    case 'binary':
      return Float32Array.of(label);
    case 'categorical':
      return oneHot(label, classes);
  }
}
