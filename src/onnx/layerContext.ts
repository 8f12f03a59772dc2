// Types and helpers for converters of layers.

import { OptionError } from '../core/index.js';
import type { OnnxGraph } from './graph.js';
import type { Shape, Value } from './value.js';

/** One array of a layer's weights. */
export interface LayerWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One call of a layer. */
export interface LayerContext {
  /** The function that the user called, for error messages. */
  readonly where: string;
  readonly graph: OnnxGraph;
  /** Name of the layer, prefixed with the names of the models that contain it. */
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Weights by the last part of their names: `kernel`, `moving_mean`. */
  readonly weights: ReadonlyMap<string, LayerWeight>;
  readonly inputs: readonly Value[];
  readonly shape: Shape;
}

/** Converts one call of a layer and returns its output. */
export type Converter = (layer: LayerContext) => Value;

/** Returns the first input of a layer, which is usually the only one. */
export function inputOf({ inputs, name }: LayerContext): Value {
  const [input] = inputs;
  if (input === undefined) throw new Error(`${name} has no input`);
  return input;
}

/** Returns a weight by name. */
export function weightOf({ weights, name }: LayerContext, weight: string): LayerWeight {
  const found = weights.get(weight);
  if (found === undefined) throw new Error(`${name} has no ${weight}`);
  return found;
}

/** Returns the error for a layer that cannot be expressed in ONNX. */
export function inexpressible(
  { where, name, className }: Pick<LayerContext, 'where' | 'name' | 'className'>,
  what = `class ${className}`,
): OptionError {
  const remedy = where === 'exportOnnx' ? 'Pass' : 'Export it with `exportOnnx`, with';
  return new OptionError(
    `${where}: expected layers that ONNX export supports for \`model\`, received '${name}' of ${what}. ` +
      `${remedy} a converter of your own in \`converters\`, compose it of stock layers, ` +
      `or export the part before it with featureExtractor.`,
  );
}

/** Refuses a layer with channels-first data. */
export function refuseChannelsFirst(layer: LayerContext): void {
  if (layer.config['dataFormat'] === 'channelsFirst') throw inexpressible(layer, `class ${layer.className} with channels first`);
}
