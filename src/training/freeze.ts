// What trains and what does not. A change takes effect at once; nobody has to know when to compile.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, either, invalid, rule, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { BatchNormalization } from '../layers/internal.js';
import { checkModel, layersOf } from '../models/internal.js';
import { stageOf } from '../scaling/internal.js';
import { NamedOptimizer } from './NamedOptimizer.js';

/**
 * Which layers: names of layers, blocks (`block2a`) or stages (`block2`, `stem`, `top`, `head`); all from such a one on,
 * `{ from: 'block6a' }`; or a test of each layer.
 */
export type LayerSelector = readonly string[] | { readonly from: string } | ((layer: tfl.layers.Layer) => boolean);

/**
 * Freezes layers: their weights stay, and a BatchNormalization among them infers with, and keeps, its moving statistics.
 *
 * Takes effect at once: a compiled model is compiled again with its own optimizer, loss and metrics.
 *
 * @param selector - Which layers. @defaultValue all
 * @throws {OptionError} when a name matches no layer, or a stock BatchNormalization would be frozen, which goes on learning.
 * @example
 * freeze(model); // all of it
 * unfreeze(model, ['predictions', 'top', 'block7']);
 */
export function freeze(model: tfl.LayersModel, selector?: LayerSelector): void {
  const chosen = selectLayers('freeze', model, selector);
  checkFreezable('freeze', chosen);
  setTrainable(model, chosen, false);
}

/** Throws when one of the layers would go on learning. */
export function checkFreezable(where: string, layers: readonly tfl.layers.Layer[]): void {
  const stock = layers.find((layer) => layer.getClassName() === 'BatchNormalization' && !(layer instanceof BatchNormalization));
  if (stock === undefined) return;
  throw new OptionError(
    `${where}: expected this library's BatchNormalization at '${stock.name}', received the stock one, ` +
      `which goes on learning when frozen. Build it with batchNormalization().`,
  );
}

/**
 * Lets layers learn again; the reverse of {@link freeze}.
 *
 * @param selector - Which layers. @defaultValue all
 * @throws {OptionError} when a name matches no layer.
 * @example
 * unfreeze(model, { from: 'block6a' });
 */
export function unfreeze(model: tfl.LayersModel, selector?: LayerSelector): void {
  setTrainable(model, selectLayers('unfreeze', model, selector), true);
}

/** The layers a selector means, those of nested models included, in the order of the model. */
export function selectLayers(
  where: string,
  model: tfl.LayersModel,
  selector: LayerSelector | undefined,
  option = 'selector',
): readonly tfl.layers.Layer[] {
  checkModel(where, model);
  const layers = layersOf(model);
  if (selector === undefined) return layers;
  const test = rule<(layer: tfl.layers.Layer) => boolean>('a function', (value) => typeof value === 'function');
  const from = rule<{ readonly from: string }>('{ from: NAME }', (value) => typeof (value as { from?: unknown } | null)?.from === 'string');
  check(where, option, selector, either(either(arrayOf(text), from), test));
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

export { layersOf as allLayers };

// `block2a` means block2a_dwconv, `block2` means block2a_dwconv and block2b_dwconv, `stem` means stem_conv.
function belongsTo(layer: string, name: string): boolean {
  return layer === name || layer.startsWith(`${name}_`) || stageOf(layer) === name;
}

function setTrainable(model: tfl.LayersModel, layers: readonly tfl.layers.Layer[], trainable: boolean): void {
  for (const layer of layers) layer.trainable = trainable;
  recompile(model);
}

/** Compiles again with the model's own settings, so that what is trainable now is what trains. */
export function recompile(model: tfl.LayersModel): void {
  const compiled = model as unknown as { optimizer?: tf.Optimizer | undefined; isOptimizerOwned?: boolean | undefined };
  const { optimizer, isOptimizerOwned = false } = compiled;
  if (optimizer === undefined) return;
  if (!(optimizer instanceof NamedOptimizer)) forgetSlots(optimizer);
  const metrics = model.metrics as tfl.ModelCompileArgs['metrics'] | undefined;
  model.compile({ optimizer, loss: model.loss, ...(metrics === undefined ? {} : { metrics }) });
  compiled.isOptimizerOwned = isOptimizerOwned;
}

/** A stock optimizer's state of one variable. */
interface Slot {
  readonly variable: tf.Variable;
}

// Stock optimizers find a variable's state by its place in the list, which has just changed: old state would reach the wrong weights.
function forgetSlots(optimizer: tf.Optimizer): void {
  const fields = optimizer as unknown as Record<string, unknown>;
  for (const value of Object.values(fields)) {
    if (!Array.isArray(value)) continue;
    for (const slot of value as (Partial<Slot> | undefined)[]) slot?.variable?.dispose();
    value.length = 0;
  }
  // Adam's powers of beta and Adamax' count belong to the state that is gone.
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
