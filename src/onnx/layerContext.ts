// What every layer's conversion is told.

import { OptionError } from '../core/index.js';
import type { OnnxGraph } from './graph.js';
import type { Shape, Value } from './value.js';

/** One array of a layer's weights. */
export interface LayerWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One use of a layer. */
export interface LayerContext {
  /** The function that the user called, for errors. */
  readonly where: string;
  readonly graph: OnnxGraph;
  /** Its name, after those of the models it is nested in. */
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** By the last part of their names: `kernel`, `moving_mean`. */
  readonly weights: ReadonlyMap<string, LayerWeight>;
  readonly inputs: readonly Value[];
  readonly shape: Shape;
}

/** Turns one use of a layer into its output. */
export type Converter = (layer: LayerContext) => Value;

/** The layer's first and usually only input. */
export function inputOf({ inputs, name }: LayerContext): Value {
  const [input] = inputs;
  if (input === undefined) throw new Error(`${name} has no input`);
  return input;
}

/** The named weight. */
export function weightOf({ weights, name }: LayerContext, weight: string): LayerWeight {
  const found = weights.get(weight);
  if (found === undefined) throw new Error(`${name} has no ${weight}`);
  return found;
}

/** The error for what ONNX export has no operators for. */
export function inexpressible(
  { where, name, className }: Pick<LayerContext, 'where' | 'name' | 'className'>,
  what = `class ${className}`,
): OptionError {
  const remedy = where === 'exportOnnx' ? 'Pass' : 'Export it with `exportOnnx`, with';
  return new OptionError(
    `${where}: expected layers that ONNX export knows for \`model\`, received '${name}' of ${what}. ` +
      `${remedy} a converter of your own in \`converters\`, compose it of stock layers, ` +
      `or export the part before it with featureExtractor.`,
  );
}

/** Refuses a layer whose maps do not have channels last, as this library's have. */
export function refuseChannelsFirst(layer: LayerContext): void {
  if (layer.config['dataFormat'] === 'channelsFirst') throw inexpressible(layer, `class ${layer.className} with channels first`);
}
