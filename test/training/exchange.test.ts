import { expect, test } from 'vitest';
import { addressOfPart, createExchange, partOf } from '../../src/training/exchange.js';

test('the parts of the shared memory follow one another', () => {
  const exchange = createExchange('fineTune', 5, 2);
  for (const part of [0, 1, 2]) partOf(exchange, part).fill(part + 1);
  expect([...new Float32Array(exchange.memory.buffer, 0, 16)]).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 0]);
  expect(addressOfPart(exchange, 2)).toBe(40);
  expect(exchange.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
});

test('gradients that do not fit in a WebAssembly memory are refused, with the number of threads that fit', () => {
  const floats = 66_000_000;
  expect(() => createExchange('fineTune', floats, 16)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected at most 15 threads for \`workers\`, whose gradients of 66000000 weights fit in 4 GB, received 16. Use fewer threads, or freeze more layers.]`,
  );
  expect(4 * floats * (15 + 1)).toBeLessThanOrEqual(2 ** 32);
});
