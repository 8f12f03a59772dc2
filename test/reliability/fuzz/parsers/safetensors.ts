// The safetensors reader.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { elementCount } from '../../../../src/weights/internal.js';
import { readSafetensors, weightArray, writeSafetensors, type NamedArrays } from '../../../../src/weights/index.js';
import { expectRight, type Parser } from '../parser.js';

export const parser: Parser = {
  files: () => {
    const arrays = new Map([
      ['stem_conv/kernel', weightArray([3, 3, 1, 2], new Float32Array(18).fill(0.5))],
      ['stem_bn/gamma', weightArray([2], Float32Array.of(1, 2))],
      ['ü', weightArray([], Float32Array.of(3))],
    ]);
    return [
      writeSafetensors(arrays, { metadata: { format: 'pt' } }),
      writeSafetensors(arrays, { dtype: 'float16' }),
      writeSafetensors(new Map([['none', weightArray([0, 4], new Float32Array())]])),
      new Uint8Array(readFileSync('test/fixtures/weights/state.safetensors')),
    ];
  },
  inputs: fc
    .record({
      header: fc.oneof(header(), fc.json(), fc.string()),
      extra: fc.integer({ min: -2, max: 2 }),
      data: fc.uint8Array({ maxLength: 64 }),
    })
    .map(({ header: json, extra, data }) => {
      const text = Buffer.from(json);
      const length = Buffer.alloc(8);
      length.writeBigInt64LE(BigInt(text.length + extra));
      return Uint8Array.from(Buffer.concat([length, text, data]));
    }),
  read(bytes) {
    const arrays = readSafetensors(bytes);
    checkArrays(arrays);
    // Whatever was read is written and read again as the same.
    const again = readSafetensors(writeSafetensors(arrays));
    for (const [name, array] of arrays)
      expectRight(Buffer.from(again.get(name)?.values() ?? []).equals(Buffer.from(array.values())), `'${name}' changes when written again`);
  },
};

function header(): fc.Arbitrary<string> {
  const entry = fc.record(
    {
      dtype: fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'U8', 'BOOL', 'F8', '__proto__'),
      shape: fc.array(fc.oneof(fc.nat({ max: 4 }), fc.constantFrom(-1, 1.5, 2 ** 31, 2 ** 53, 1e300)), { maxLength: 4 }),
      data_offsets: fc.tuple(fc.nat({ max: 80 }), fc.nat({ max: 80 })),
    },
    { requiredKeys: ['dtype'] },
  );
  return fc
    .dictionary(fc.oneof(fc.string(), fc.constantFrom('__metadata__', '__proto__', 'a')), fc.oneof(entry, fc.jsonValue()))
    .map((value) => JSON.stringify(value));
}

/** Every array has as many numbers as its shape says. */
export function checkArrays(arrays: NamedArrays): void {
  for (const [name, array] of arrays) {
    expectRight(
      typeof name === 'string' && array.shape.every((length) => Number.isSafeInteger(length) && length >= 0),
      `the shape of '${name}'`,
    );
    expectRight(array.values().length === elementCount(array.shape), `the numbers of '${name}'`);
  }
}
