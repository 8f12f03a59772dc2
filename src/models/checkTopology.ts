// Refuses a saved topology that would make TensorFlow.js loop forever or allocate more memory than its weights need. TensorFlow.js
// reports other errors itself.

import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';

type Json = Readonly<Record<string, unknown>>;

/** Layer options that determine the size of a weight. */
const SIZES: ReadonlySet<string> = new Set(['units', 'filters', 'kernelSize', 'depthMultiplier', 'inputDim', 'outputDim']);

/**
 * Checks the layer sizes and the layer order of a saved topology.
 *
 * @param longest - The longest axis of any weight in the file. No layer may be larger.
 * @throws {WeightsError} when a layer is larger, or when no layer computes its input.
 */
export function checkTopology(where: string, topology: unknown, longest: number): void {
  if (typeof topology !== 'object' || topology === null) return;
  for (const [key, item] of Object.entries(topology)) {
    const name = camelCase(key);
    const size = SIZES.has(name) ? Math.max(...[item].flat().map(Number)) : 0;
    if (size > longest) throw damaged(where, `layers of the size of their weights, at most ${longest}, received ${size} for \`${key}\``);
    if (name === 'layers' && Array.isArray(item)) checkOrder(where, item as unknown[]);
    checkTopology(where, item, longest);
  }
}

// TensorFlow.js loops over the layers until all of them have their inputs, so a missing input makes it loop forever.
function checkOrder(where: string, layers: readonly unknown[]): void {
  const made = new Map<string, number>();
  let waiting: { readonly name: string; readonly inputs: readonly unknown[] }[] = [];
  for (const layer of layers) {
    const name = field(layer, 'name');
    const config = field(layer, 'config');
    if (typeof name !== 'string') continue;
    const isSource = field(layer, 'className') === 'InputLayer' || field(config, 'layers') !== undefined || Array.isArray(config);
    made.set(name, isSource ? 1 : 0);
    const nodes = field(layer, 'inboundNodes');
    for (const inputs of Array.isArray(nodes) ? (nodes as unknown[]) : [])
      if (Array.isArray(inputs)) waiting.push({ name, inputs: inputs as unknown[] });
  }
  for (let before = Infinity; waiting.length < before;) {
    before = waiting.length;
    waiting = waiting.filter(({ name, inputs }) => {
      const isReady = inputs.every((input) => Array.isArray(input) && (made.get(String(input[0])) ?? 0) > Number(input[1]));
      if (isReady && inputs.length > 0) made.set(name, (made.get(name) ?? 0) + 1);
      return !isReady;
    });
  }
  const [stuck] = waiting;
  if (stuck !== undefined)
    throw damaged(where, `layers whose inputs are computed, received ${show(stuck.name)} after ${show(stuck.inputs)}`);
}

function field(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? Object.entries(value as Json).find(([key]) => camelCase(key) === name)?.[1] : undefined;
}

/** Converts a key to the name that TensorFlow.js reads it as. */
function camelCase(key: string): string {
  return key.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());
}

function damaged(where: string, what: string): WeightsError {
  return new WeightsError(`${where}: expected ${what}. The file is damaged.`);
}
