// Finds the preprocessing that a model is trained with and stores after training.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { invalid, rule } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { checkImageSize, preprocessingOfData } from '../data/internal.js';
import { describePreprocessing, preprocessingFor, samePreprocessing } from '../image/internal.js';
import type { CompletePreprocessing, PreprocessingSource } from '../image/index.js';

/** Training data, and validation data if any. */
export interface LearningData {
  readonly train: object;
  readonly validation?: object | undefined;
}

/** The rule of the option `preprocessing`. {@link learnedPreprocessing} checks the content. */
export const preprocessingSource = rule<PreprocessingSource>(
  'a preprocessing, or a model, runtime or dataset that has one',
  (value) => typeof value === 'object' && value !== null,
);

/**
 * Returns the preprocessing that the model should store: the given one, otherwise that of the validation data, otherwise that of the
 * training data. No data is read.
 *
 * @returns `undefined` for a model whose inputs are not images.
 * @throws {OptionError} when none of them states it, or training and validation data state different ones.
 * @throws {ShapeError} when its image size, or that of the data, is not the input size of the model.
 */
export function learnedPreprocessing(
  where: string,
  model: LayersModel,
  { train, validation }: LearningData,
  given: PreprocessingSource | undefined,
): CompletePreprocessing | undefined {
  const inputShape = model.inputs[0]?.shape;
  if (inputShape?.length !== 4) {
    if (given !== undefined) throw invalid(where, 'preprocessing', 'nothing for a model whose inputs are not images', given);
    return undefined;
  }
  checkImageSize(where, 'train', train, inputShape);
  checkImageSize(where, 'validation', validation, inputShape);
  if (given !== undefined) {
    const record = preprocessingFor(where, given);
    if (record === undefined) throw invalid(where, 'preprocessing', 'a preprocessing, or a source that has one', given);
    checkImageSize(where, 'preprocessing', { preprocessing: record }, inputShape);
    return record;
  }
  const [measured, learned] = [validation, train].map((data) => preprocessingOfData(where, data));
  if (measured !== undefined && learned !== undefined && !samePreprocessing(measured, learned)) {
    throw new OptionError(
      `${where}: expected the images of \`train\` and \`validation\` to be preprocessed alike, ` +
        `received '${describePreprocessing(learned)}' for \`train\` and ` +
        `'${describePreprocessing(measured)}' for \`validation\`. ` +
        `Preprocess them alike, or pass the preprocessing that the model will be used with as \`preprocessing\`.`,
    );
  }
  const record = measured ?? learned;
  if (record !== undefined) return record;
  throw new OptionError(
    `${where}: expected \`preprocessing\`, because the datasets do not say how their images were made, received none. ` +
      "Pass it, for example `{ inputSize: 224, fit: 'stretch' }`, or state it for a dataset with `withPreprocessing`.",
  );
}
