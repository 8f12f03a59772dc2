// Freezing by the cuts fine-tuning needs, and what trains at present. The plain acts are freeze.ts.

import type * as tfl from '@tensorflow/tfjs-layers';
import { boolean, check, invalid, rule, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import { checkModel, isNestedModel, layersOf } from '../models/internal.js';
import { stageOf } from '../scaling/internal.js';
import { checkFreezable, freeze, selectLayers, unfreeze, type LayerSelector } from './freeze.js';

const isNormalization = (layer: tfl.layers.Layer): boolean => layer.getClassName() === 'BatchNormalization';

/**
 * Freezes layers but lets every BatchNormalization among them go on learning.
 *
 * @param selector - Which layers. @defaultValue all
 * @throws {OptionError} when a name matches no layer.
 * @example
 * freezeExceptBatchNorm(model); // adapts the statistics to new pictures, and nothing else
 */
export function freezeExceptBatchNorm(model: tfl.LayersModel, selector?: LayerSelector): void {
  const chosen = new Set(selectLayers('freezeExceptBatchNorm', model, selector));
  freeze(model, (layer) => chosen.has(layer) && !isNormalization(layer));
}

/**
 * Lets layers learn again, but freezes every BatchNormalization among them: the statistics of a large data set outlive a small one.
 *
 * @param selector - Which layers. @defaultValue all
 * @throws {OptionError} when a name matches no layer, or a BatchNormalization is the stock one, which cannot be frozen.
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
 * Freezes every layer before a cut; the layer, block or stage at the cut and what follows stays as it is.
 *
 * Cut by name: `'block6a'` means the same in every variant. An index counts `model.layers` of this very model, the input and weightless
 * layers included, so it differs from that of Keras' or any other model.
 *
 * @param cut - A layer, block or stage, or the number of layers to freeze.
 * @throws {OptionError} when no layer is named so, or there are not as many.
 * @example
 * freezeUpTo(model, 'block6a'); // block6a is the first that trains
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
      `freezeUpTo: expected a layer of '${model.name}' itself, received '${String(cut)}' of a model nested in it. Freeze that model.`,
    );
  const before = new Set(layers.slice(0, first).flatMap((layer) => (isNestedModel(layer) ? layersOf(layer) : [layer])));
  checkFreezable('freezeUpTo', [...before]);
  freeze(model, (layer) => before.has(layer));
}

/**
 * Makes layers infer though they train, or ends that: BatchNormalization normalizes by its moving statistics and keeps them, dropout and
 * stochastic depth pass everything on. What is trainable goes on learning, as in Keras' `base(inputs, training=False)`.
 *
 * @param selector - Which layers. @defaultValue all
 * @throws {OptionError} when a name matches no layer, or a chosen BatchNormalization or Dropout is the stock one, which cannot.
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

/** How many parameters of a part train. */
export interface TrainableRow {
  /** A stage (`stem`, `block2`, `top`, `head`) or a layer. */
  readonly name: string;
  readonly trainable: number;
  readonly frozen: number;
}

/** What {@link trainableSummary} counts. */
export interface TrainableSummary {
  readonly trainable: number;
  /** Moving statistics, which no gradient reaches, included. */
  readonly frozen: number;
  readonly stages: readonly TrainableRow[];
  /** Layers with weights, in the model's order. */
  readonly layers: readonly TrainableRow[];
}

/**
 * Counts what trains and what does not, by stage and layer by layer.
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
