// An image of any size as a model's input, the one way for everything that predicts.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError, ShapeError } from '../../core/index.js';
import { rule, showShape } from '../../core/internal.js';
import { checkFinitePixels, checkPixels, preprocessFor, preprocessingFor } from '../../image/internal.js';
import type { CompletePreprocessing, Pixels, PreprocessingSource } from '../../image/index.js';
import { inputShapeOf, type Predictor } from './evaluate.js';

/** The rule of the option `preprocessing`. What it contains is checked by {@link preprocessingOf}. */
export const preprocessingSource = rule<PreprocessingSource>(
  'a preprocessing, or a model, runtime or dataset that has one',
  (value) => typeof value === 'object' && value !== null,
);

/**
 * Preprocesses an image for a model as the option says, or else as the model says.
 *
 * @throws {OptionError} when neither says it, or the input size is not the model's.
 * @throws {ShapeError} when the model takes images of other channels.
 */
export function modelInput(where: string, model: LayersModel | Predictor, image: Pixels, given: PreprocessingSource | undefined): Pixels {
  checkPixels(where, image);
  checkFinitePixels(where, image);
  const shape = inputShapeOf(model);
  if (shape !== undefined && (shape.length !== 4 || (shape[3] ?? image.channels) !== image.channels)) {
    throw new ShapeError(`${where}: expected a model that takes [batch, height, width, ${image.channels}], received ${showShape(shape)}.`);
  }
  return preprocessFor(where, image, inputPreprocessing(where, model, given));
}

/** How images become a model's input: as the option says, or else as the model says. */
export function inputPreprocessing(
  where: string,
  model: LayersModel | Predictor,
  given: PreprocessingSource | undefined,
): CompletePreprocessing {
  const record = preprocessingFor(where, given ?? model);
  if (record === undefined) {
    const remedy = 'getUserDefinedMetadata' in model ? 'Pass it, or state it for the model with `setPreprocessing`.' : 'Pass it.';
    throw new OptionError(
      `${where}: expected \`preprocessing\` for a ${given === undefined ? 'model' : 'source'} that does not say how images ` +
        `become its input, received none. ${remedy}`,
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
