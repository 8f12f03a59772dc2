// Preprocesses images for a model. The settings are plain data, so that models and datasets can store them.

import { check, checkOptions, record, rule } from '../core/internal.js';
import type { Complete } from '../core/index.js';
import { sides, size as sizeRule, type Pixels, type Size } from './pixels.js';
import { describeResize, resolveResize } from './resize.js';
import { FITS, RESIZE_TO_RULES, resizeToFor, type Fit, type ResizeToOptions } from './resizeTo.js';

/** How an image of any size is converted to the input of a model. */
export interface Preprocessing extends ResizeToOptions {
  /** Height and width of the input in pixels. */
  readonly inputSize: Size;
  /** How an image with a different aspect ratio is fitted to that size. */
  readonly fit: Fit;
}

/** A preprocessing with every default filled in. The input size is always a pair. */
export interface CompletePreprocessing extends Omit<Complete<Preprocessing>, 'inputSize'> {
  readonly inputSize: readonly [height: number, width: number];
}

const RULES = { inputSize: sizeRule, fit: FITS, ...RESIZE_TO_RULES };

function resizingOf({ inputSize: _, fit: __, ...options }: Preprocessing): ResizeToOptions {
  return options;
}

/**
 * Resizes and crops an image to the input of a model. Normalization is part of the model.
 *
 * @param image - RGB in [0, 255], of any size.
 * @returns The image at `inputSize`: uint8 with resampler 'pillow' or interpolation 'nearest', otherwise float32.
 * @throws {OptionError} when the preprocessing is invalid. {@link ShapeError} when the image cannot be preprocessed this way.
 * @example
 * const input = preprocess(photo, { inputSize: 224, fit: 'resizeCrop', cropFraction: 0.875, interpolation: 'bicubic', antialias: true });
 */
export function preprocess(image: Pixels, preprocessing: Preprocessing): Pixels {
  completePreprocessing('preprocess', preprocessing);
  return preprocessFor('preprocess', image, preprocessing);
}

/** Same as {@link preprocess}, for checked options. Errors begin with `where`, the function that the user called. */
export function preprocessFor(where: string, image: Pixels, preprocessing: Preprocessing): Pixels {
  return resizeToFor(where, image, preprocessing.inputSize, preprocessing.fit, resizingOf(preprocessing));
}

/**
 * Fills in the defaults of a preprocessing. Saved files are then self-contained, and equal settings have equal data.
 *
 * @throws {OptionError} when an option is unknown, missing or invalid.
 */
export function completePreprocessing(where: string, preprocessing: Preprocessing): CompletePreprocessing {
  check(
    where,
    'preprocessing',
    preprocessing,
    rule<Preprocessing>(
      "a preprocessing, such as { inputSize: 224, fit: 'stretch' },",
      (value) => record.accepts(value) && !carriesOne(value),
    ),
    carriesOne(preprocessing) ? 'Pass `preprocessingOf(...)` of it.' : '',
  );
  checkOptions(where, preprocessing, RULES);
  check(where, 'inputSize', preprocessing.inputSize, sizeRule);
  check(where, 'fit', preprocessing.fit, FITS);
  const { inputSize, fit, cropFraction = 1, margins = 'floor', fillValue = 0 } = preprocessing;
  const { interpolation, antialias, resampler } = resolveResize(where, resizingOf(preprocessing));
  // Options that have no effect are set to their default, so that they do not make a difference in comparisons.
  const fills = fit === 'pad' || fit === 'resizePad';
  return { inputSize: sides(inputSize), fit, cropFraction, margins, fillValue: fills ? fillValue : 0, interpolation, antialias, resampler };
}

/** Returns whether a value is a model, runtime or dataset, which has a preprocessing but is not one itself. */
function carriesOne(value: unknown): boolean {
  return record.accepts(value) && ('getUserDefinedMetadata' in value || 'preprocessing' in value);
}

/** Returns whether two preprocessings give the same input for every image. */
export function samePreprocessing(one: Preprocessing, other: Preprocessing): boolean {
  const [first, second] = [one, other].map((each) => JSON.stringify(completePreprocessing('samePreprocessing', each)));
  return first === second;
}

/** Describes a preprocessing in one line. */
export function describePreprocessing({ inputSize, fit, cropFraction = 1, ...options }: Preprocessing): string {
  const size = sides(inputSize).join(' x ');
  const whole = sides(inputSize)
    .map((side) => Math.floor(side / cropFraction))
    .join(' x ');
  const resize = describeResize(options);
  const crop = cropFraction === 1 ? '' : `, then center crop ${size}`;
  switch (fit) {
    case 'stretch':
      return `resize to ${whole} (${resize})${crop}`;
    case 'crop':
      return (
        `center crop of ${cropFraction === 1 ? 'the whole' : `${Number(cropFraction.toFixed(3))} of the`} shorter side, ` +
        `then resize to ${size} (${resize})`
      );
    case 'pad':
      return `pad to the proportions of ${size}, then resize to ${whole} (${resize})${crop}`;
    case 'resizeCrop':
      return `resize to cover ${whole} (${resize}), then center crop ${size}`;
    case 'resizePad':
      return `resize into ${whole} (${resize}), then pad${crop}`;
  }
}
