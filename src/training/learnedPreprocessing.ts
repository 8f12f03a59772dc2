// The preprocessing that a model learns on, and that it remembers after training.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { invalid, rule } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { checkImageSize, preprocessingOfData } from '../data/internal.js';
import { describePreprocessing, preprocessingFor, samePreprocessing } from '../image/internal.js';
import type { CompletePreprocessing, PreprocessingSource } from '../image/index.js';

/** What a model learns on, and what it is measured on meanwhile. */
export interface LearningData {
  readonly train: object;
  readonly validation?: object | undefined;
}

/** The rule of the option `preprocessing`. What it contains is checked by {@link learnedPreprocessing}. */
export const preprocessingSource = rule<PreprocessingSource>(
  'a preprocessing, or a model, runtime or dataset that has one',
  (value) => typeof value === 'object' && value !== null,
);

/**
 * Finds the preprocessing that the model is to remember: the given one, or else that of the validation data, or else that of the training
 * data. Nothing is read.
 *
 * @returns `undefined` for a model whose input is not images.
 * @throws {OptionError} when none of them says it, or training and validation data say different ones.
 * @throws {ShapeError} when its size, or that of the data, is not the model's.
 */
export function learnedPreprocessing(
  where: string,
  model: LayersModel,
  { train, validation }: LearningData,
  given: PreprocessingSource | undefined,
): CompletePreprocessing | undefined {
  const inputShape = model.inputs[0]?.shape;
  if (inputShape?.length !== 4) {
    if (given !== undefined) throw invalid(where, 'preprocessing', 'nothing for a model whose input is not images', given);
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
        `Preprocess them alike, or pass as \`preprocessing\` what the model is to be used with.`,
    );
  }
  const record = measured ?? learned;
  if (record !== undefined) return record;
  throw new OptionError(
    `${where}: expected \`preprocessing\`, because the datasets do not say how their images were made, received none. ` +
      `Pass it, for example ` +
      "`{ inputSize: 224, fit: 'stretch' }`, or state it for a dataset with `withPreprocessing`.",
  );
}
