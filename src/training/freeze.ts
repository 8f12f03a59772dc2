// Freezing and unfreezing layers. Changes take effect immediately, without compiling the model again by hand.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, callable, check, either, invalid, rule, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { BatchNormalization } from '../layers/internal.js';
import { checkModel, layersOf } from '../models/internal.js';
import { stageOf } from '../scaling/internal.js';
import { NamedOptimizer } from './NamedOptimizer.js';

/**
 * A selection of layers: names of layers, blocks (`block2a`) or stages (`block2`, `stem`, `top`, `head`); `{ from: 'block6a' }` for
 * everything from there on; or a function that returns whether to select a layer.
 */
export type LayerSelector = readonly string[] | { readonly from: string } | ((layer: tfl.layers.Layer) => boolean);

const from = rule<{ readonly from: string }>('{ from: NAME }', (value) => typeof (value as { from?: unknown } | null)?.from === 'string');
/** Accepts a {@link LayerSelector}. */
export const layerSelector = either(either(arrayOf(text), from), callable);

/**
 * Freezes layers. Training no longer changes their weights, and frozen BatchNormalization uses its moving statistics without updating them.
 *
 * Takes effect immediately: a compiled model is compiled again with the same optimizer, loss and metrics.
 *
 * @param selector - The layers to freeze. @defaultValue all layers
 * @throws {OptionError} when a name matches no layer, or a selected layer is a stock BatchNormalization, which would keep learning.
 * @example
 * freeze(model); // all of it
 * unfreeze(model, ['predictions', 'top', 'block7']);
 */
export function freeze(model: tfl.LayersModel, selector?: LayerSelector): void {
  const chosen = selectLayers('freeze', model, selector);
  checkFreezable('freeze', chosen);
  setTrainable(model, chosen, false);
}

/** @throws {OptionError} when a layer would keep learning although it is frozen. */
export function checkFreezable(where: string, layers: readonly tfl.layers.Layer[]): void {
  const stock = layers.find((layer) => layer.getClassName() === 'BatchNormalization' && !(layer instanceof BatchNormalization));
  if (stock === undefined) return;
  throw new OptionError(
    `${where}: expected this library's BatchNormalization at '${stock.name}', received the stock one, ` +
      `which keeps learning when frozen. Build it with batchNormalization().`,
  );
}

/**
 * Unfreezes layers, so that they train again.
 *
 * @param selector - The layers to unfreeze. @defaultValue all layers
 * @throws {OptionError} when a name matches no layer.
 * @example
 * unfreeze(model, { from: 'block6a' });
 */
export function unfreeze(model: tfl.LayersModel, selector?: LayerSelector): void {
  setTrainable(model, selectLayers('unfreeze', model, selector), true);
}

/** Returns the selected layers, including those of nested models, in the order of the model. */
export function selectLayers(
  where: string,
  model: tfl.LayersModel,
  selector: LayerSelector | undefined,
  option = 'selector',
): readonly tfl.layers.Layer[] {
  checkModel(where, model);
  const layers = layersOf(model);
  if (selector === undefined) return layers;
  check(where, option, selector, layerSelector);
  if (typeof selector === 'function') return layers.filter(selector);
  const names = 'from' in selector ? [selector.from] : selector;
  for (const name of names) {
    if (!layers.some((layer) => belongsTo(layer.name, name))) {
      throw invalid(where, option, "names of the model's layers, blocks or stages", name, 'describePlan(planOf(model)) lists them.');
    }
  }
  const named = layers.filter((layer) => names.some((name) => belongsTo(layer.name, name)));
  return 'from' in selector ? layers.slice(layers.indexOf(named[0] as tfl.layers.Layer)) : named;
}

// `block2a` means block2a_dwconv, `block2` means block2a_dwconv and block2b_dwconv, `stem` means stem_conv.
function belongsTo(layer: string, name: string): boolean {
  return layer === name || layer.startsWith(`${name}_`) || stageOf(layer) === name;
}

function setTrainable(model: tfl.LayersModel, layers: readonly tfl.layers.Layer[], trainable: boolean): void {
  for (const layer of layers) layer.trainable = trainable;
  recompile(model);
}

/** Compiles a compiled model again with its own settings, so that it trains the layers that are trainable now. */
export function recompile(model: tfl.LayersModel): void {
  const compiled = model as unknown as { optimizer?: tf.Optimizer | undefined; isOptimizerOwned?: boolean | undefined };
  const { optimizer, isOptimizerOwned = false } = compiled;
  if (optimizer === undefined) return;
  if (!(optimizer instanceof NamedOptimizer)) forgetSlots(optimizer);
  const metrics = model.metrics as tfl.ModelCompileArgs['metrics'] | undefined;
  model.compile({ optimizer, loss: model.loss, ...(metrics === undefined ? {} : { metrics }) });
  compiled.isOptimizerOwned = isOptimizerOwned;
}

/** The state of a stock optimizer for one variable. */
interface Slot {
  readonly variable: tf.Variable;
}

// Stock optimizers find the state of a variable by its position in the list, which has just changed. The old state would be applied to
// other weights.
function forgetSlots(optimizer: tf.Optimizer): void {
  const fields = optimizer as unknown as Record<string, unknown>;
  for (const value of Object.values(fields)) {
    if (!Array.isArray(value)) continue;
    for (const slot of value as (Partial<Slot> | undefined)[]) slot?.variable?.dispose();
    value.length = 0;
  }
  // Adam's powers of beta and Adamax's iteration count belong to the discarded state.
  const restart: readonly (readonly [string, unknown])[] = [
    ['accBeta1', fields['beta1']],
    ['accBeta2', fields['beta2']],
    ['iteration', 0],
  ];
  for (const [name, start] of restart) {
    const variable = fields[name];
    if (variable instanceof tf.Variable && typeof start === 'number')
      tf.tidy(() => {
        variable.assign(tf.scalar(start));
      });
  }
}
