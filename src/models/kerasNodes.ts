// Reads the calls of each layer in a functional Keras model. Keras 2 writes them as lists, Keras 3 as serialized arguments.

import { DataError } from '../core/index.js';
import type { LayerContext, LayerForm } from './kerasLayers.js';

/** A reference to a layer's output in a saved topology: `[layer, node, tensor, arguments]`. */
export type Inbound = [source: string, node: number, tensor: number, ...unknown[]];

/** One call of a layer. */
export interface Node {
  readonly inputs: readonly Inbound[];
  /** Numbers among the positional arguments and the arguments named `x`, `y` or `bias`. */
  readonly constants: readonly (number | readonly number[])[];
  /** Whether the number comes before the tensor, as in `1 - x`. */
  readonly isReversed: boolean;
}

interface CalledLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name?: string | undefined };
  readonly inbound_nodes?: unknown;
}

/**
 * Returns the calls of a layer.
 *
 * @throws {DataError} when an argument is neither a tensor nor a number.
 */
export function nodesOf({ config, class_name: className, inbound_nodes: nodes }: CalledLayer, where: string): Node[] {
  return ((nodes ?? []) as unknown[]).map((node) => {
    const found: (Inbound | number | readonly number[])[] = [];
    const collect = (value: unknown): void => {
      const reference = referenceOf(value);
      if (reference !== undefined) {
        if (reference[0] === '_CONSTANT_VALUE') collect(reference[2]);
        else found.push(reference);
        // Keras 2 stores the other arguments in the reference to the first tensor.
        const others = (Array.isArray(value) ? (value[3] ?? {}) : {}) as Readonly<Record<string, unknown>>;
        for (const key of ['x', 'y', 'bias']) collect(others[key]);
      } else if (isConstant(value)) found.push(value);
      else if (isArray(value)) collect([value.config.value].flat(8));
      else if (Array.isArray(value)) value.forEach(collect);
      else if (value != null)
        throw new DataError(
          `${where}: expected tensors and numbers as the arguments of the '${className}' named '${String(config.name)}', ` +
            `received ${JSON.stringify(value).slice(0, 60)}. Replace it in Keras and convert again.`,
        );
    };
    if (Array.isArray(node)) collect(node);
    else {
      const { args, kwargs } = node as { readonly args?: unknown; readonly kwargs?: Readonly<Record<string, unknown>> | undefined };
      collect(args);
      // The tensors may also be keyword arguments.
      for (const key of ['inputs', 'x', 'x1', 'x2']) collect(kwargs?.[key]);
    }
    const inputs = found.filter(isReference);
    return {
      inputs,
      constants: found.filter((value) => !isReference(value)) as Node['constants'],
      isReversed: found.findIndex((value) => !isReference(value)) < found.findIndex(isReference),
    };
  });
}

/** Names of the functions that Keras saves as layers. */
const OPERATIONS: Readonly<Record<string, 'add' | 'subtract' | 'multiply' | 'divide'>> = {
  'math.add': 'add',
  '__operators__.add': 'add',
  'nn.bias_add': 'add',
  Add: 'add',
  'math.subtract': 'subtract',
  Subtract: 'subtract',
  'math.multiply': 'multiply',
  Multiply: 'multiply',
  'math.truediv': 'divide',
  'math.divide': 'divide',
  TrueDivide: 'divide',
  Divide: 'divide',
};

/**
 * Translates arithmetic with constants, such as the code of `preprocess_input` in keras.applications, into a layer that TensorFlow.js
 * has. Returns `undefined` for any other layer.
 */
export function constantArithmetic(
  { class_name: className, config }: CalledLayer,
  nodes: readonly Node[],
  { where, name }: LayerContext,
): LayerForm | undefined {
  const isFunction = className === 'TFOpLambda';
  const called = isFunction ? String(config['function']) : className;
  const operation = Object.hasOwn(OPERATIONS, called) ? OPERATIONS[called] : undefined;
  const [node] = nodes;
  const isLayer = !isFunction && node?.constants.length === 0;
  if (!isFunction && (operation === undefined || isLayer)) return undefined;
  if (operation !== undefined && node !== undefined && nodes.length === 1) {
    const {
      inputs,
      constants: [constant],
      isReversed,
    } = node;
    if (constant === undefined && inputs.length === 2 && operation !== 'subtract' && operation !== 'divide') {
      return { class_name: operation === 'add' ? 'Add' : 'Multiply', config: {} };
    }
    if (constant !== undefined && inputs.length === 1 && !(operation === 'divide' && isReversed))
      return rescaling(operation, constant, isReversed);
  }
  throw new DataError(
    `${where}: expected layers that TensorFlow.js has, received the function '${called}' as the layer '${name}'. ` +
      `Replace it in Keras by layers, such as Rescaling, and convert again; or load only the weights with \`loadWeights\`.`,
  );
}

function rescaling(
  operation: 'add' | 'subtract' | 'multiply' | 'divide',
  constant: number | readonly number[],
  isReversed: boolean,
): LayerForm {
  const each = (change: (value: number) => number): unknown => (typeof constant === 'number' ? change(constant) : constant.map(change));
  const scale =
    operation === 'multiply'
      ? constant
      : operation === 'divide'
        ? each((value) => 1 / value)
        : operation === 'subtract' && isReversed
          ? -1
          : 1;
  const offset =
    operation === 'add' || (operation === 'subtract' && isReversed) ? constant : operation === 'subtract' ? each((value) => -value) : 0;
  return { class_name: 'Rescaling', config: { scale, offset } };
}

function referenceOf(value: unknown): Inbound | undefined {
  if (Array.isArray(value))
    return typeof value[0] === 'string' && value.length >= 3 ? [value[0], Number(value[1]), value[2] as number] : undefined;
  const { class_name: className, config } = (value ?? {}) as { readonly class_name?: unknown; readonly config?: unknown };
  return className === '__keras_tensor__' ? [...(config as { readonly keras_history: Inbound }).keras_history] : undefined;
}

/** Whether a value is a NumPy array, a NumPy scalar or a constant tensor. */
function isArray(value: unknown): value is { readonly config: { readonly value: unknown } } {
  const { class_name: className } = (value ?? {}) as { readonly class_name?: unknown };
  return className === '__numpy__' || className === '__tensor__';
}

function isReference(value: unknown): value is Inbound {
  return Array.isArray(value) && typeof value[0] === 'string';
}

function isConstant(value: unknown): value is number | readonly number[] {
  return typeof value === 'number' || (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number'));
}
