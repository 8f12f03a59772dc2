// Collects the tensors in an object read from a PyTorch file. Each tensor is named by the path of keys that leads to it.

import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';
import { PickleObject, type PickleValue } from './pickleValues.js';
import { tensorOf } from './torchGlobals.js';
import type { TorchTensor } from './torchTensor.js';

/** Limits that no real checkpoint exceeds and that keep memory and stack use low. */
const [MAX_DEPTH, MAX_NAME] = [100, 1000];

/**
 * Collects the tensors of dictionaries, lists, objects and modules. Tensors of modules get the names of `state_dict()`.
 *
 * @throws {WeightsError} when two tensors have the same name, or the value is nested too deeply.
 */
export function collectTensors(where: string, root: PickleValue): NamedArrays {
  const arrays = new Map<string, WeightArray>();
  const seen = new Set<PickleValue>();
  // Each container is visited only once, because a pickle may share containers or nest one inside itself.
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

// Parameters first, then persistent buffers, then submodules, as in `_save_to_state_dict` of torch/nn/modules/module.py.
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
