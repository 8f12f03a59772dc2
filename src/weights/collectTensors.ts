// The tensors in a value that a PyTorch file holds, by the keys that lead to them.

import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';
import { PickleObject, type PickleValue } from './pickle.js';
import { tensorOf } from './torchGlobals.js';
import type { TorchTensor } from './torchTensor.js';

/** More than any checkpoint has, and little enough for memory and stack. */
const [MAX_DEPTH, MAX_NAME] = [100, 1000];

/**
 * Collects tensors from dictionaries, lists, records and whole modules, which are named as their `state_dict()` names them.
 *
 * @throws {WeightsError} when two tensors have the same name, or the value nests too deep.
 */
export function collectTensors(where: string, root: PickleValue): NamedArrays {
  const arrays = new Map<string, WeightArray>();
  const seen = new Set<PickleValue>();
  // A container is entered once: pickles may share them, or put one into itself.
  const collect = (value: PickleValue, name: string, depth: number): void => {
    const tensor = tensorOf(value);
    if (depth > MAX_DEPTH || (tensor !== undefined && name.length > MAX_NAME)) {
      throw new WeightsError(`${where}: the file nests deeper than any checkpoint. It is damaged.`);
    }
    if (tensor !== undefined) {
      if (arrays.has(name)) throw new WeightsError(`${where}: two tensors are named ${show(name)}.`);
      arrays.set(name, namedArray(where, name, tensor));
      return;
    }
    if (seen.has(value)) return;
    seen.add(value);
    for (const [key, item] of entriesOf(value)) collect(item, name === '' ? key : `${name}.${key}`, depth + 1);
  };
  collect(root, '', 0);
  return arrays;
}

function namedArray(where: string, name: string, { array, kind }: TorchTensor): WeightArray {
  if (kind === null) return array;
  return {
    ...array,
    values() {
      throw new WeightsError(
        `${where}: expected plain numbers for '${name}', received ${kind}. In Python, save plain dense tensors: ` +
          `\`tensor.dequantize()\`, \`to_dense()\`, \`full_tensor()\`.`,
      );
    },
  };
}

function* entriesOf(value: PickleValue): Iterable<readonly [string, PickleValue]> {
  if (value instanceof PickleObject && value.get('_parameters') instanceof Map && value.get('_modules') instanceof Map) {
    yield* entriesOfModule(value);
    return;
  }
  const entries =
    value instanceof Map
      ? (value as Map<PickleValue, PickleValue>).entries()
      : Array.isArray(value)
        ? (value as PickleValue[]).entries()
        : [];
  for (const [key, item] of entries) {
    if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean' || typeof key === 'bigint')
      yield [String(key), item];
  }
}

// torch/nn/modules/module.py, `_save_to_state_dict`: parameters, persistent buffers, then the modules inside.
function* entriesOfModule(module: PickleObject): Iterable<readonly [string, PickleValue]> {
  const transient = module.get('_non_persistent_buffers_set');
  for (const group of ['_parameters', '_buffers', '_modules']) {
    const members = module.get(group);
    if (!(members instanceof Map)) continue;
    for (const [key, item] of members as Map<PickleValue, PickleValue>) {
      if (typeof key !== 'string' || (group === '_buffers' && Array.isArray(transient) && transient.includes(key))) continue;
      yield [key, item];
    }
  }
}
