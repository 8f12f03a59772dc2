// What a weight file says of the model that its weights come from.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { preprocessingFor } from '../image/internal.js';
import type { CompletePreprocessing } from '../image/index.js';
import { classNamesOf, setClassNames, setPreprocessing } from '../models/index.js';

/** What a file says of its model, beside the arrays. */
export interface ModelNotes {
  /** How images became the input of the model. */
  readonly preprocessing?: CompletePreprocessing | undefined;
  /** The names of its classes, in the order of its outputs. */
  readonly classNames?: readonly string[] | undefined;
}

/** What a model says of itself, for a file of its weights. */
export function notesOf(where: string, model: LayersModel): ModelNotes {
  const [preprocessing, classNames] = [preprocessingFor(where, model), classNamesOf(model)];
  return { ...(preprocessing === undefined ? {} : { preprocessing }), ...(classNames === undefined ? {} : { classNames }) };
}

/**
 * Passes what a file says on to the model that took its weights: it preprocesses images as those weights learned them, at its own size.
 *
 * @param withHead - Whether the classifier was loaded, too. Only then the file's class names are those of the model.
 */
export function takeNotes(model: LayersModel, { preprocessing, classNames }: ModelNotes, withHead: boolean): void {
  if (preprocessing !== undefined) {
    const [, height, width] = model.inputs[0]?.shape ?? [];
    setPreprocessing(model, atSize(preprocessing, [height, width]));
  }
  const outputs = model.outputs[0]?.shape.at(-1);
  const fits = classNames?.length === outputs || (outputs === 1 && classNames?.length === 2);
  if (classNames !== undefined && withHead && fits && classNamesOf(model) === undefined) setClassNames(model, classNames);
}

/** The same preprocessing for the input of another network; `null` keeps a length. */
export function atSize(
  preprocessing: CompletePreprocessing,
  [height, width]: readonly (number | null | undefined)[],
): CompletePreprocessing {
  const [rows, columns] = preprocessing.inputSize;
  return { ...preprocessing, inputSize: [height ?? rows, width ?? columns] };
}
