// What a model knows of itself beyond its layers: its plan and the names of its classes. Kept in the model, so that files carry it.

import type * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { completePreprocessing } from '../image/internal.js';
import type { Preprocessing } from '../image/index.js';
import type { Normalization, PlanModelOptions, Variant, VariantSpec } from '../scaling/index.js';
import { checkModel } from './checkModel.js';

/** The entry `effnet` of a model's user-defined metadata. */
export interface ModelMetadata {
  readonly format: 1;
  /** Absent for a model composed of blocks by hand. */
  readonly variant?: Variant | VariantSpec | undefined;
  readonly options?: PlanModelOptions | undefined;
  /** The layers that stem and stages end in, where parts of the caller's own give them other names than the variant has. */
  readonly stageOutputs?: readonly string[] | undefined;
  readonly classNames?: readonly string[] | undefined;
  /** How images become the model's input; see {@link setPreprocessing}. */
  readonly preprocessing?: Preprocessing | undefined;
  /** The normalization that {@link loadModel} put in front of a model from elsewhere. */
  readonly normalization?: Normalization | undefined;
  /** Whether BatchNormalization was folded into the convolutions. */
  readonly folded?: boolean | undefined;
}

/** Reads the metadata; `undefined` for a model this library neither made nor saved. */
export function metadataOf(model: tfl.LayersModel): ModelMetadata | undefined {
  const all = model.getUserDefinedMetadata() as { readonly effnet?: ModelMetadata | undefined } | undefined;
  return all?.effnet?.format === 1 ? all.effnet : undefined;
}

/** Writes the metadata beside whatever else the model carries. */
export function setMetadata(model: tfl.LayersModel, metadata: ModelMetadata): void {
  // Through JSON, as a file would: undefined options vanish.
  model.setUserDefinedMetadata({ ...model.getUserDefinedMetadata(), effnet: JSON.parse(JSON.stringify(metadata)) as object });
}

/** Whether BatchNormalization was folded into the model's convolutions, so that its weights are no longer those of its plan. */
export function isFolded(model: tfl.LayersModel): boolean {
  return metadataOf(model)?.folded === true;
}

/**
 * The names of a model's classes in the order of its outputs; `undefined` where none were given.
 *
 * @throws {OptionError} when it is no layers model.
 */
export function classNamesOf(model: tfl.LayersModel): readonly string[] | undefined {
  checkModel('classNamesOf', model);
  const names: unknown = metadataOf(model)?.classNames;
  // A file may say anything.
  return arrayOf(text).accepts(names) ? names : undefined;
}

/**
 * Names the classes of a model, in the order of its outputs; files carry them.
 *
 * @throws {OptionError} when their number differs from the model's outputs.
 * @example
 * setClassNames(model, ['cat', 'dog']);
 */
export function setClassNames(model: tfl.LayersModel, classNames: readonly string[]): void {
  checkModel('setClassNames', model);
  check('setClassNames', 'classNames', classNames, arrayOf(text));
  const outputs = model.outputs[0]?.shape.at(-1);
  // One sigmoid output stands for two classes.
  if (classNames.length !== outputs && !(outputs === 1 && classNames.length === 2)) {
    throw new OptionError(
      `setClassNames: expected ${String(outputs)} names for \`classNames\`, one per output, received ${classNames.length}.`,
    );
  }
  setMetadata(model, { format: 1, ...metadataOf(model), classNames: [...classNames] });
}

/**
 * States how images become a model's input; `classify` and ONNX files follow it, and files carry it. `trainHead` and `fineTune` do this
 * themselves.
 *
 * @throws {OptionError} when the preprocessing is impossible, or its size is not that of the model's input.
 * @example
 * setPreprocessing(model, { inputSize: 224, fit: 'stretch' });
 */
export function setPreprocessing(model: tfl.LayersModel, preprocessing: Preprocessing): void {
  checkModel('setPreprocessing', model);
  const complete = completePreprocessing('setPreprocessing', preprocessing);
  if (!fitsInput(model, complete.inputSize)) {
    const [, height, width] = model.inputs[0]?.shape ?? [];
    throw new OptionError(
      `setPreprocessing: expected the model's input size [${String(height)}, ${String(width)}] for \`inputSize\`, ` +
        `received [${complete.inputSize.join(', ')}].`,
    );
  }
  setMetadata(model, { format: 1, ...metadataOf(model), preprocessing: complete });
}

/** Whether a model takes images of a size. */
export function fitsInput(model: tfl.LayersModel, inputSize: readonly [height: number, width: number]): boolean {
  const [, height, width] = model.inputs[0]?.shape ?? [];
  return (height ?? inputSize[0]) === inputSize[0] && (width ?? inputSize[1]) === inputSize[1];
}
