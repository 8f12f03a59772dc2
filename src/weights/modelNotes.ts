// What a weight file says of the model that its weights come from.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { CompletePreprocessing } from '../image/index.js';
import { classNamesOf, setClassNames, setPreprocessing } from '../models/index.js';

/** What a file says of its model, beside the arrays. */
export interface ModelNotes {
  /** How images became the input of the model. */
  readonly preprocessing?: CompletePreprocessing | undefined;
  /** The names of its classes, in the order of its outputs. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Passes what a file says on to the model that took its weights: it preprocesses images as those weights learned them, at its own size.
 *
 * @param withHead - Whether the classifier was loaded, too. Only then the file's class names are those of the model.
 */
export function takeNotes(model: LayersModel, { preprocessing, classNames }: ModelNotes, withHead: boolean): void {
  if (preprocessing !== undefined) {
    const [, height, width] = model.inputs[0]?.shape ?? [];
    const [rows, columns] = preprocessing.inputSize;
    setPreprocessing(model, { ...preprocessing, inputSize: [height ?? rows, width ?? columns] });
  }
  const outputs = model.outputs[0]?.shape.at(-1);
  const fits = classNames?.length === outputs || (outputs === 1 && classNames?.length === 2);
  if (classNames !== undefined && withHead && fits && classNamesOf(model) === undefined) setClassNames(model, classNames);
}
