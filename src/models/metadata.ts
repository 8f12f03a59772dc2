// Reads and writes a model's metadata, such as its plan and class names. The metadata is stored in the model, so saved files include it.

import type * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { completePreprocessing } from '../image/internal.js';
import type { Preprocessing } from '../image/index.js';
import type { Normalization, PlanModelOptions, Variant, VariantSpec } from '../scaling/index.js';
import { checkModel } from './checkModel.js';

/** The `effnet` entry of a model's user-defined metadata. */
export interface ModelMetadata {
  readonly format: 1;
  /** Absent for a model that was composed of blocks by hand. */
  readonly variant?: Variant | VariantSpec | undefined;
  readonly options?: PlanModelOptions | undefined;
  /** Names of the last layers of the stem and of each stage, where custom parts give them names other than the variant's. */
  readonly stageOutputs?: readonly string[] | undefined;
  readonly classNames?: readonly string[] | undefined;
  /** The probability below which the best answer counts as unknown; see {@link setUnknownThreshold}. */
  readonly unknownThreshold?: number | undefined;
  /** How images are turned into the model's input; see {@link setPreprocessing}. */
  readonly preprocessing?: Preprocessing | undefined;
  /** The normalization that {@link loadModel} added in front of the model. */
  readonly normalization?: Normalization | undefined;
  /** Whether BatchNormalization was folded into the convolutions. */
  readonly folded?: boolean | undefined;
}

/** Returns the metadata, or `undefined` for a model that this library neither built nor saved. */
export function metadataOf(model: tfl.LayersModel): ModelMetadata | undefined {
  const all = model.getUserDefinedMetadata() as { readonly effnet?: ModelMetadata | undefined } | undefined;
  return all?.effnet?.format === 1 ? all.effnet : undefined;
}

/** Sets the metadata and keeps all other user-defined metadata of the model. */
export function setMetadata(model: tfl.LayersModel, metadata: ModelMetadata): void {
  // The JSON round trip removes undefined options, as saving to a file would.
  model.setUserDefinedMetadata({ ...model.getUserDefinedMetadata(), effnet: JSON.parse(JSON.stringify(metadata)) as object });
}

/** Whether BatchNormalization was folded into the model's convolutions. If so, the weights no longer match the model's plan. */
export function isFolded(model: tfl.LayersModel): boolean {
  return metadataOf(model)?.folded === true;
}

/**
 * Returns the names of a model's classes in the order of its outputs, or `undefined` if the model has none.
 *
 * @throws {OptionError} when the value is not a layers model.
 */
export function classNamesOf(model: tfl.LayersModel): readonly string[] | undefined {
  checkModel('classNamesOf', model);
  const names: unknown = metadataOf(model)?.classNames;
  // Metadata from a file may contain anything.
  return arrayOf(text).accepts(names) ? names : undefined;
}

/**
 * Sets the names of a model's classes, in the order of its outputs. Saved files include them.
 *
 * Several classes may have the same name, as in ImageNet. Functions that take a class then require its index.
 *
 * @throws {OptionError} when the number of names does not match the model's outputs.
 * @example
 * setClassNames(model, ['cat', 'dog']);
 */
export function setClassNames(model: tfl.LayersModel, classNames: readonly string[]): void {
  checkModel('setClassNames', model);
  check('setClassNames', 'classNames', classNames, arrayOf(text));
  const outputs = model.outputs[0]?.shape.at(-1);
  // A single sigmoid output has two classes.
  if (classNames.length !== outputs && !(outputs === 1 && classNames.length === 2)) {
    throw new OptionError(
      `setClassNames: expected ${String(outputs)} names for \`classNames\`, one per output, received ${classNames.length}.`,
    );
  }
  setMetadata(model, { format: 1, ...metadataOf(model), classNames: [...classNames] });
}

/**
 * Sets how images are turned into a model's input. `classify` and exported ONNX files use it, and saved files include it.
 *
 * `trainHead` and `fineTune` set it automatically.
 *
 * @throws {OptionError} when the preprocessing is invalid, or its size does not match the model's input.
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

/** Whether a model takes images of the given size. */
export function fitsInput(model: tfl.LayersModel, inputSize: readonly [height: number, width: number]): boolean {
  const [, height, width] = model.inputs[0]?.shape ?? [];
  return (height ?? inputSize[0]) === inputSize[0] && (width ?? inputSize[1]) === inputSize[1];
}
