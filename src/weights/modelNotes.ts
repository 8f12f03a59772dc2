// Transfers the preprocessing and class names of a model to and from weight files.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { preprocessingFor } from '../image/internal.js';
import type { CompletePreprocessing } from '../image/index.js';
import { classNamesOf, setClassNames, setPreprocessing, setUnknownThreshold, unknownThresholdOf } from '../models/index.js';

/** Information about the model that a file contains besides the arrays. */
export interface ModelNotes {
  /** How images were turned into the model's input. */
  readonly preprocessing?: CompletePreprocessing | undefined;
  /** Names of the classes, in the order of the model's outputs. */
  readonly classNames?: readonly string[] | undefined;
  /** The probability below which the best answer counts as unknown. */
  readonly unknownThreshold?: number | undefined;
}

/** Returns the information about a model that its weight files contain. */
export function notesOf(where: string, model: LayersModel): ModelNotes {
  return { preprocessing: preprocessingFor(where, model), classNames: classNamesOf(model), unknownThreshold: unknownThresholdOf(model) };
}

/** Returns the information alone, without the arrays that it belongs to. */
export function onlyNotes({ preprocessing, classNames, unknownThreshold }: ModelNotes): ModelNotes {
  return { preprocessing, classNames, unknownThreshold };
}

/**
 * Applies the information in a file to the model that its weights were loaded into. The preprocessing is adapted to the model's input size.
 *
 * @param withHead - Whether the classifier was loaded, too. The class names and the threshold are only applied if so.
 */
export function takeNotes(model: LayersModel, { preprocessing, classNames, unknownThreshold }: ModelNotes, withHead: boolean): void {
  if (preprocessing !== undefined) {
    const [, height, width] = model.inputs[0]?.shape ?? [];
    setPreprocessing(model, atSize(preprocessing, [height, width]));
  }
  const outputs = model.outputs[0]?.shape.at(-1);
  const fits = classNames?.length === outputs || (outputs === 1 && classNames?.length === 2);
  if (classNames !== undefined && withHead && fits && classNamesOf(model) === undefined) setClassNames(model, classNames);
  // A threshold belongs to the classifier that it was chosen for.
  if (withHead) setUnknownThreshold(model, unknownThreshold);
}

/** Adapts preprocessing to the input size of another network. `null` keeps the original height or width. */
export function atSize(
  preprocessing: CompletePreprocessing,
  [height, width]: readonly (number | null | undefined)[],
): CompletePreprocessing {
  const [rows, columns] = preprocessing.inputSize;
  return { ...preprocessing, inputSize: [height ?? rows, width ?? columns] };
}
