// Labelled files to labelled pictures: what imageFolder, imagesFromCsv, imageFiles and recordImages have in common.

import { boolean, callable, either, invalid, oneOf, positiveInteger, text, type Rules } from '../core/index.js';
import { oneHot, type Dataset, type Label, type LabelledImage, type MapOptions } from '../data/index.js';
import { METHODS, resizeTo, size as sizeRule, type Fit, type ResizeMethod, type Size } from '../image/index.js';
import { DCT_METHODS, decodeImage, type DecodeOptions } from './decodeImage.js';

/** What the label of a picture is. */
export type LabelMode = 'int' | 'categorical' | 'binary';

export const LABEL_MODES = oneOf('int', 'categorical', 'binary');

/** How pictures are decoded and resized. */
export interface ReadImagesOptions extends Pick<MapOptions, 'concurrency' | 'onError' | 'onSkipped'>, Pick<DecodeOptions, 'background' | 'maxPixels' | 'dctMethod'> {
  /** Pictures are resized to this. @defaultValue each keeps its own size */
  readonly imageSize?: Size;
  /** 'stretch' changes the proportions, 'crop' cuts the longer side, 'pad' adds black. @defaultValue 'stretch' */
  readonly fit?: Fit;
  /** 'exact' resizes as TensorFlow does; 'fast' lets sharp shrink JPEGs while they decode, with its own smooth kernel. @defaultValue 'exact' */
  readonly resizing?: 'exact' | 'fast';
  /** How pictures are resized, where exactly. @defaultValue 'bilinear' */
  readonly interpolation?: ResizeMethod;
  /** Smooth when shrinking, as `tf.image.resize` with antialias. @defaultValue false */
  readonly antialias?: boolean;
}

export const READ_IMAGES_RULES: Rules<ReadImagesOptions> = {
  imageSize: sizeRule,
  fit: oneOf('stretch', 'crop', 'pad'),
  resizing: oneOf('exact', 'fast'),
  interpolation: oneOf(...METHODS),
  antialias: boolean,
  background: text,
  maxPixels: positiveInteger,
  dctMethod: DCT_METHODS,
  concurrency: either(positiveInteger, oneOf('auto')),
  onError: oneOf('throw', 'skip'),
  onSkipped: callable,
};

/** A picture that is still a file, or the bytes of one. */
export interface EncodedImage {
  readonly path?: string;
  readonly bytes?: Uint8Array;
  readonly label: Label;
  readonly origin: string;
}

/** Decodes and resizes, several at once, in order. */
export function readImages(where: string, files: Dataset<EncodedImage>, options: ReadImagesOptions): Dataset<LabelledImage> {
  const { imageSize, fit = 'stretch', resizing = 'exact', interpolation = 'bilinear', antialias = false, background, maxPixels, dctMethod } = options;
  const { concurrency = 'auto', onError = 'throw', onSkipped } = options;
  const fast = resizing === 'fast';
  if (fast && (imageSize === undefined || options.interpolation !== undefined || options.antialias !== undefined || dctMethod === 'fast')) {
    throw invalid(where, 'resizing', "'exact' without imageSize, and with interpolation, antialias or dctMethod 'fast'", resizing);
  }
  const decoding = {
    ...(fast ? { size: imageSize as Size, fit } : {}),
    ...(background === undefined ? {} : { background }),
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(dctMethod === undefined ? {} : { dctMethod }),
  };
  return files.map(
    async ({ path, bytes, origin, label }): Promise<LabelledImage> => {
      const pixels = await (bytes === undefined ? decodeImage(path as string, decoding) : decodeImage(bytes, { ...decoding, origin }));
      return { pixels: imageSize === undefined || fast ? pixels : resizeTo(pixels, imageSize, fit, { method: interpolation, antialias }), label, origin };
    },
    { concurrency, onError, ...(onSkipped === undefined ? {} : { onSkipped }) },
  );
}

/** A class index as its mode has it. */
export function labelAs(mode: LabelMode, label: number, classes: number): Label {
  switch (mode) {
    case 'int':
      return label;
    case 'binary':
      return Float32Array.of(label);
    case 'categorical':
      return oneHot(label, classes);
  }
}
