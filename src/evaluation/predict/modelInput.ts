// Converts images of any size to the input of a model, for all functions that take images.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError, ShapeError } from '../../core/index.js';
import { rule, showShape } from '../../core/internal.js';
import { checkFinitePixels, checkPixels, preprocessFor, preprocessingFor } from '../../image/internal.js';
import type { CompletePreprocessing, Pixels, PreprocessingSource } from '../../image/index.js';
import { checkPixelRange } from './checkPixelRange.js';
import { inputShapeOf } from './inputShapeOf.js';
import type { Predictor } from './predictor.js';

/** The rule of the option `preprocessing`. {@link inputPreprocessing} checks its content. */
export const preprocessingSource = rule<PreprocessingSource>(
  'a preprocessing, or a model, runtime or dataset that has one',
  (value) => typeof value === 'object' && value !== null,
);

/**
 * Preprocesses an image for a model.
 *
 * @param given - The preprocessing. If it is undefined, the one of the model is used.
 * @throws {OptionError} when the value is not an image, the preprocessing is unknown, or its input size differs from the model's.
 * @throws {ShapeError} when the image does not have as many channels as the model takes.
 * @throws {DataError} when a pixel is not finite, or the image has only values in [0, 1] although the model takes [0, 255].
 */
export function modelInput(where: string, model: LayersModel | Predictor, image: Pixels, given: PreprocessingSource | undefined): Pixels {
  checkPixels(where, image);
  checkFinitePixels(where, image);
  const shape = inputShapeOf(model);
  if (shape !== undefined && (shape.length !== 4 || (shape[3] ?? image.channels) !== image.channels)) {
    throw wrongChannels(where, image, shape);
  }
  checkPixelRange(where, model, image);
  return preprocessFor(where, image, inputPreprocessing(where, model, given));
}

/** Creates the error for an image with other channels than the model takes, or for a model that does not take images. */
function wrongChannels(where: string, { width, height, channels }: Pixels, shape: readonly (number | null)[]): ShapeError {
  const [, , , required] = shape;
  const received = `[${height}, ${width}, ${channels}]`;
  if (shape.length !== 4 || required == null) {
    return new ShapeError(
      `${where}: expected a model that takes images [batch, height, width, channels], received one that takes ${showShape(shape)}.`,
    );
  }
  const names: Readonly<Record<number, string>> = {
    1: 'a grayscale image',
    2: 'a grayscale image with alpha',
    3: 'an RGB image',
    4: 'an RGBA image',
  };
  const remedy =
    required !== 3
      ? 'Convert the image to the channels of the model.'
      : channels === 4
        ? 'Remove the alpha channel.'
        : 'Repeat the gray values in three channels.';
  return new ShapeError(
    `${where}: expected ${names[required] ?? 'an image'} [height, width, ${required}], as the model takes, for \`image\`, ` +
      `received ${names[channels] ?? 'an image'} ${received}. ${remedy}`,
  );
}

/**
 * Returns how images are converted to the input of a model.
 *
 * @param given - The preprocessing. If it is undefined, the one of the model is used.
 * @throws {OptionError} when the preprocessing is unknown, or its input size differs from the model's.
 */
export function inputPreprocessing(
  where: string,
  model: LayersModel | Predictor,
  given: PreprocessingSource | undefined,
): CompletePreprocessing {
  const record = preprocessingFor(where, given ?? model);
  if (record === undefined) {
    const remedy = 'getUserDefinedMetadata' in model ? 'Pass it, or store it in the model with `setPreprocessing`.' : 'Pass it.';
    throw new OptionError(
      `${where}: expected \`preprocessing\` for a ${given === undefined ? 'model' : 'source'} whose preprocessing is unknown, ` +
        `received none. ${remedy}`,
    );
  }
  const { inputSize } = record;
  const [, height, width] = inputShapeOf(model) ?? [];
  if ((height ?? inputSize[0]) !== inputSize[0] || (width ?? inputSize[1]) !== inputSize[1]) {
    throw new OptionError(
      `${where}: expected the model's input size ${showShape([height ?? null, width ?? null])} for \`preprocessing.inputSize\`, ` +
        `received ${showShape(inputSize)}.`,
    );
  }
  return record;
}
