// Calls every public function with one wrong argument or option at a time, generated from the published types.
// Each call must fail with an error of this library, under the name of the called function, and leave no tensors.
// Needs a build (`npx tsup`). One function: npx vitest run test/contracts/misuse -t 'mbConv'

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { isEffnetError } from '../../../src/core/index.js';
import type { BaseCall } from './baseCall.js';
import { baseCalls, notCalled } from './baseCalls.js';
import { publicFunctions, returnedMethod } from './publicApi.js';
import type { PublicFunction } from './publicApi.js';
import { withDefaults, wrongCalls } from './wrongCalls.js';

const functions = publicFunctions();
const entries: Readonly<Record<string, () => Promise<object>>> = {
  node: () => import('../../../src/node.js'),
  index: () => import('../../../src/index.js'),
  hdf5: () => import('../../../src/hdf5.js'),
  onnx: () => import('../../../src/onnx.js'),
  plots: () => import('../../../src/plots.js'),
  wasm: () => import('../../../src/wasm.js'),
  imagenet: () => import('../../../src/imagenet.js'),
};
let count = 0;

beforeAll(() => tf.setBackend('cpu'));
afterAll(() => {
  console.log(`${count} wrong calls of ${Object.keys(baseCalls).length} functions`);
});

test('every public function has a working call', () => {
  expect([...functions.keys()].filter((name) => !Object.hasOwn(baseCalls, name) && !Object.hasOwn(notCalled, name))).toEqual([]);
});

describe.each(Object.entries(baseCalls))('%s', (name, base) => {
  test('rejects wrong arguments under its own name', async () => {
    const { target, call } = await callable(name, base);
    const args = await base.args();
    const faults: string[] = [];
    for (const { wrong, args: wrongArgs } of wrongCalls(target.signatures, args)) {
      if (base.right?.includes(wrong) === true) continue;
      count++;
      const before = tf.memory().numTensors;
      const fault = await faultOf(target.name, () => call(wrongArgs));
      if (fault !== undefined) faults.push(`${wrong}: ${fault}`);
      else if (tf.memory().numTensors !== before) faults.push(`${wrong}: leaves ${tf.memory().numTensors - before} tensors`);
    }
    expect(faults).toEqual([]);
  });

  test('accepts every default that its documentation states', async () => {
    const { target, call } = await callable(name, base);
    const { args } = withDefaults(target.signatures, await base.args());
    await call(args);
  });
});

/** The function of a name like `mbConv`, `Dataset.map`, `index.loadModel` or `tensorBoard().scalar`. */
async function callable(name: string, { on }: BaseCall): Promise<{ target: PublicFunction; call: (args: readonly unknown[]) => unknown }> {
  const [maker = '', method] = name.split('().');
  const found = functions.get(maker);
  if (found === undefined) throw new Error(`Expected a public function ${maker}.`);
  const target = method === undefined ? found : returnedMethod(found, method);
  const path = found.name.split('.');
  const owner = on === undefined ? await entries[found.entry]?.() : await on();
  const holder = (
    on === undefined ? path.slice(0, -1).reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], owner) : owner
  ) as Record<string, unknown>;
  const key = method ?? path.at(-1) ?? '';
  return { target, call: (args) => (holder[key] as (...args: readonly unknown[]) => unknown).apply(holder, args as unknown[]) };
}

/** Returns what is wrong with the error of a wrong call, or `undefined`. */
async function faultOf(name: string, call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    if (!isEffnetError(error)) return `raw ${String(error)}`;
    const where = error.message.slice(0, error.message.indexOf(':'));
    return where === name || where.endsWith(`.${name}`) ? undefined : `says "${error.message}"`;
  }
}
