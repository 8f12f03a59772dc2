// Common ways to freeze parts of a model for fine-tuning, and a summary of what is trainable. The basic functions are in freeze.ts.

import type * as tfl from '@tensorflow/tfjs-layers';
import { boolean, check, invalid, rule, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import { checkModel, isNestedModel, layersOf } from '../models/internal.js';
import { stageOf } from '../scaling/internal.js';
import { checkFreezable, freeze, selectLayers, unfreeze, type LayerSelector } from './freeze.js';

const isNormalization = (layer: tfl.layers.Layer): boolean => layer.getClassName() === 'BatchNormalization';

/**
 * Freezes layers except BatchNormalization, which keeps learning.
 *
 * @param selector - The layers to freeze. @defaultValue all layers
 * @throws {OptionError} when a name matches no layer.
 * @example
 * freezeExceptBatchNorm(model); // only BatchNormalization adapts to new images
 */
export function freezeExceptBatchNorm(model: tfl.LayersModel, selector?: LayerSelector): void {
  const chosen = new Set(selectLayers('freezeExceptBatchNorm', model, selector));
  freeze(model, (layer) => chosen.has(layer) && !isNormalization(layer));
}

/**
 * Unfreezes layers except BatchNormalization, which is frozen. Use it to keep the statistics of a large data set while training on a small
 * one.
 *
 * @param selector - The layers to unfreeze. @defaultValue all layers
 * @throws {OptionError} when a name matches no layer, or a selected layer is a stock BatchNormalization, which cannot be frozen.
 * @example
 * unfreezeExceptBatchNorm(model, ['block6', 'block7', 'top', 'predictions']);
 */
export function unfreezeExceptBatchNorm(model: tfl.LayersModel, selector?: LayerSelector): void {
  const chosen = new Set(selectLayers('unfreezeExceptBatchNorm', model, selector));
  checkFreezable('unfreezeExceptBatchNorm', [...chosen]);
  freeze(model, (layer) => chosen.has(layer) && isNormalization(layer));
  unfreeze(model, (layer) => chosen.has(layer) && !isNormalization(layer));
}

/**
 * Freezes every layer before a given layer, block or stage. That one and the layers after it remain unchanged.
 *
 * Prefer names: `'block6a'` means the same in every variant. A number counts `model.layers`, including the input layer and layers without
 * weights, so it differs between models and from Keras.
 *
 * @param cut - The first layer, block or stage that is not frozen, or the number of layers to freeze.
 * @throws {OptionError} when no layer has that name, or the model has fewer layers.
 * @example
 * freezeUpTo(model, 'block6a'); // freezes everything before block6a
 */
export function freezeUpTo(model: tfl.LayersModel, cut: string | number): void {
  checkModel('freezeUpTo', model);
  const { layers } = model;
  if (typeof cut === 'number' && !(Number.isSafeInteger(cut) && cut >= 0 && cut <= layers.length)) {
    throw invalid('freezeUpTo', 'cut', `an integer in [0, ${layers.length}], the layers of '${model.name}'`, cut);
  }
  if (typeof cut !== 'number')
    check('freezeUpTo', 'cut', cut, rule<string>('the name of a layer, block or stage, or a number of layers', text.accepts));
  const first = typeof cut === 'number' ? cut : layers.indexOf(selectLayers('freezeUpTo', model, [cut], 'cut')[0] as tfl.layers.Layer);
  if (first === -1)
    throw new OptionError(
      `freezeUpTo: expected a layer of '${model.name}' itself, received '${String(cut)}' of a model nested in it. Call freezeUpTo on that model.`,
    );
  const before = new Set(layers.slice(0, first).flatMap((layer) => (isNestedModel(layer) ? layersOf(layer) : [layer])));
  checkFreezable('freezeUpTo', [...before]);
  freeze(model, (layer) => before.has(layer));
}

/**
 * Turns inference mode of layers on or off. In inference mode, BatchNormalization uses its moving statistics without updating them, and
 * dropout and stochastic depth drop nothing, also during training. Trainable weights still train, as in Keras with `base(inputs,
 * training=False)`.
 *
 * @param selector - The layers to switch. Layers of other kinds among them are left alone. @defaultValue all layers
 * @param on - Whether to turn inference mode on. @defaultValue true
 * @throws {OptionError} when a name matches no layer, or a selected layer is a stock BatchNormalization or Dropout, which has no such mode.
 * @example
 * inferenceMode(model, ['stem', 'block1', 'block2', 'block3', 'block4', 'block5', 'block6', 'block7', 'top_bn']);
 */
export function inferenceMode(model: tfl.LayersModel, selector?: LayerSelector, on = true): void {
  check('inferenceMode', 'on', on, boolean);
  const chosen = selectLayers('inferenceMode', model, selector).filter(
    (layer) => isNormalization(layer) || layer.getClassName() === 'Dropout',
  );
  const able = chosen.filter(
    (layer): layer is BatchNormalization | SeededDropout => layer instanceof BatchNormalization || layer instanceof SeededDropout,
  );
  const stock = chosen.find((layer) => !able.includes(layer as BatchNormalization));
  if (stock !== undefined)
    throw new OptionError(
      `inferenceMode: expected this library's layers, received the stock ${stock.getClassName()} at '${stock.name}'. ` +
        `Build it with batchNormalization() or dropout().`,
    );
  for (const layer of able) layer.inference = on;
}

/** Numbers of trainable and frozen parameters of a part of a model. */
export interface TrainableRow {
  /** Name of a stage (`stem`, `block2`, `top`, `head`) or of a layer. */
  readonly name: string;
  readonly trainable: number;
  readonly frozen: number;
}

/** Numbers of trainable and frozen parameters, as {@link trainableSummary} returns them. */
export interface TrainableSummary {
  readonly trainable: number;
  /** Includes moving statistics, which have no gradients. */
  readonly frozen: number;
  readonly stages: readonly TrainableRow[];
  /** Layers with weights, in the order of the model. */
  readonly layers: readonly TrainableRow[];
}

/**
 * Counts trainable and frozen parameters by stage and by layer.
 *
 * @example
 * console.table(trainableSummary(model).stages);
 */
export function trainableSummary(model: tfl.LayersModel): TrainableSummary {
  checkModel('trainableSummary', model);
  const layers = layersOf(model)
    .filter((layer) => layer.weights.length > 0)
    .map((layer) => ({
      name: layer.name,
      trainable: parametersOf(layer.trainableWeights),
      frozen: parametersOf(layer.nonTrainableWeights),
    }));
  const stages = new Map<string, TrainableRow>();
  for (const { name, trainable, frozen } of layers) {
    const stage = stageOf(name);
    const row = stages.get(stage) ?? { name: stage, trainable: 0, frozen: 0 };
    stages.set(stage, { name: stage, trainable: row.trainable + trainable, frozen: row.frozen + frozen });
  }
  const sum = (key: 'trainable' | 'frozen'): number => layers.reduce((total, row) => total + row[key], 0);
  return { trainable: sum('trainable'), frozen: sum('frozen'), stages: [...stages.values()], layers };
}

function parametersOf(weights: readonly { readonly shape: readonly (number | null)[] }[]): number {
  return weights.reduce((total, { shape }) => total + shape.reduce<number>((product, length) => product * (length ?? 1), 1), 0);
}
