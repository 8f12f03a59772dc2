import { expect, test } from 'vitest';
import { transformersWeights } from '../../../src/node/weights/transformersWeights.js';
import { readSafetensors, weightArray } from '../../../src/weights/index.js';

test('every BatchNormalization gets a batch count of 0, and the arrays keep their values', () => {
  const arrays = new Map([
    ['bn.weight', weightArray([3], Float32Array.of(1, 2, 3))],
    ['bn.running_var', weightArray([3], Float32Array.of(4, 5, 6))],
    ['classifier.weight', weightArray([1, 2], Float32Array.of(7, 8))],
  ]);
  const file = transformersWeights(arrays);
  const start = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(start % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(file.subarray(8, start)))).toEqual({
    __metadata__: { format: 'pt' },
    'bn.num_batches_tracked': { dtype: 'I64', shape: [], data_offsets: [0, 8] },
    'bn.weight': { dtype: 'F32', shape: [3], data_offsets: [8, 20] },
    'bn.running_var': { dtype: 'F32', shape: [3], data_offsets: [20, 32] },
    'classifier.weight': { dtype: 'F32', shape: [1, 2], data_offsets: [32, 40] },
  });
  expect(file.subarray(start, start + 8)).toEqual(new Uint8Array(8));
  const read = readSafetensors(file);
  for (const [name, array] of arrays) expect(read.get(name)!.values()).toEqual(array.values());
});
