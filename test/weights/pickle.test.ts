// Pickles that strangers made: what fuzzing found, each as one small file.

import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readTorch } from '../../src/weights/index.js';

const opcodes = (...parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part, 'latin1'))));
const uint32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('latin1');
};

/** The message of a refusal of an archive with this pickle and one storage of four floats. */
function refusal(pickle: Uint8Array): string {
  try {
    readTorch(zipSync({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(16) }, { level: 0 }));
  } catch (error) {
    return String(error);
  }
  return 'read';
}

describe('a pickle that', () => {
  test('nests lists a million deep is refused before the stack is full', () => {
    expect(refusal(opcodes('\x80\x02', ']'.repeat(100_000), 'a'.repeat(99_999), '.'))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: the file nests deeper than any checkpoint. It is damaged."`,
    );
  });

  test('copies one list of items again and again is refused before the memory is full', () => {
    const items = '(' + ']K\x01aK\x02a'.replace('a', 'a').repeat(2000) + 'lq\x00';
    const copies = 'ccollections\nOrderedDict\nq\x01'.concat('h\x01h\x00\x85R'.repeat(2000));
    expect(refusal(opcodes('\x80\x02', items, copies, '.'))).toMatch(
      /^WeightsError: readTorch: the pickle is damaged or uses features that no weight file needs/,
    );
  });

  test('turns one text into bytes again and again is refused before the memory is full', () => {
    const text = `X${uint32(1000)}${'a'.repeat(1000)}q\x000`;
    const copies = 'c_codecs\nencode\nq\x01'.concat('h\x01h\x00X\x06\0\0\0latin1\x86R'.repeat(1000));
    expect(refusal(opcodes('\x80\x02', text, copies, '.'))).toMatch(
      /^WeightsError: readTorch: the pickle is damaged or uses features that no weight file needs/,
    );
  });

  test('repeats one number a billion times in a tensor, or makes an array of another size than its bytes, is refused', () => {
    const expanded =
      'ctorch._utils\n_rebuild_tensor_v2\n((\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x01tQK\x00J\x00\x00\x00\x40\x85K\x00\x85\x89}tR.';
    expect(refusal(opcodes('\x80\x02', expanded))).toMatch(/the pickle is damaged/);
    const array = (length: string): string =>
      `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01${length}\x85cnumpy\ndtype\n(\x8c\x02f4\x89\x88tRK\x00C\x04\0\0\0\0tb.`;
    expect(refusal(opcodes('\x80\x04', array('K\x01')))).toBe('read');
    expect(refusal(opcodes('\x80\x04', array('J\x00\x00\x00\x40')))).toMatch(/the pickle is damaged/);
  });

  test('makes a million dictionaries is refused', () => {
    expect(refusal(opcodes('\x80\x02', '}'.repeat(1_000_001), '.'))).toMatch(
      /^WeightsError: readTorch: the pickle is damaged or uses features that no weight file needs \(byte 1000003\)/,
    );
  });

  test('has a tensor of more axes than PyTorch knows is refused at once', () => {
    const axes = `(${'K\x01'.repeat(100_000)}t`;
    const storage = '(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x04tQ';
    expect(refusal(opcodes('\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(', storage, 'K\x00', axes, axes, '\x89}tR.'))).toMatch(
      /^WeightsError: readTorch: the pickle is damaged/,
    );
  });

  const tensorOf = (axes: number): string => {
    const shape = `(${'K\x01'.repeat(axes)}t`;
    return `ctorch._utils\n_rebuild_tensor_v2\n((\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x01tQK\x00${shape}${shape}\x89}tR`;
  };
  const key = (length: number): string => `X${uint32(length)}${'n'.repeat(length)}`;
  const wrapped = (levels: number, inner: string): string => `}${`${key(1)}}`.repeat(levels - 1)}${inner}${'s'.repeat(levels)}`;
  test.each([
    ['names of 1,000 characters', (size: number) => `}${key(size)}${tensorOf(1)}s`, 1000],
    ['64 axes', (size: number) => `}${key(1)}${tensorOf(size)}s`, 64],
    ['integers of 64 bytes', (size: number) => `\x8a${String.fromCharCode(size)}${'\x01'.repeat(size)}0}${key(1)}${tensorOf(1)}s`, 64],
  ])('has at most %s', (_, pickle, most) => {
    expect(refusal(opcodes('\x80\x02', pickle(most), '.'))).toBe('read');
    expect(refusal(opcodes('\x80\x02', pickle(most + 1), '.'))).toMatch(
      /^WeightsError: readTorch: the (pickle is damaged|file nests deeper)/,
    );
  });

  test('nests tensors a hundred levels deep at most', () => {
    const names = (levels: number): string => refusal(opcodes('\x80\x02', wrapped(levels, `${key(1)}${tensorOf(1)}`), '.'));
    expect(names(90)).toBe('read');
    expect(names(110)).toMatch(/^WeightsError: readTorch: the file nests deeper than any checkpoint/);
  });

  test('has tensors with names of megabytes is refused', () => {
    const tensor =
      '(ctorch._utils\n_rebuild_tensor_v2\n((\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x04tQK\x00K\x04\x85K\x01\x85\x89}tR'.slice(
        1,
      );
    expect(refusal(opcodes('\x80\x02}X', uint32(1e6), 'n'.repeat(1e6), tensor, 's.'))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: the file nests deeper than any checkpoint. It is damaged."`,
    );
  });
});
