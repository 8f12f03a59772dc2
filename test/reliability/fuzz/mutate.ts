// Damages real files: what storage, transfers and strangers do to them.

import type { Random } from '../../../src/core/index.js';

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x10000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const WORDS = [
  '0',
  '-1',
  '1e9',
  '1e308',
  '4294967296',
  '9007199254740993',
  'null',
  'true',
  '[]',
  '{}',
  '""',
  '"__proto__"',
  '"constructor"',
  '../',
  '\\u0000',
];

const flipBits: Mutation = (bytes, random) => {
  const copy = new Uint8Array(bytes);
  for (let i = 1 + random.integer(8); i > 0; i--) {
    const at = random.integer(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
  }
  return copy;
};

const setBytes: Mutation = (bytes, random) => {
  const copy = new Uint8Array(bytes);
  const at = random.integer(copy.length);
  return copy.fill([0, 1, 0x7f, 0x80, 0xff, random.integer(256)][random.integer(6)] as number, at, at + 1 + random.integer(8));
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.integer(bytes.length));

const extend: Mutation = (bytes, random) =>
  Buffer.concat([bytes, Uint8Array.from({ length: 1 + random.integer(64) }, () => random.integer(256))]);

const cutOut: Mutation = (bytes, random) => {
  const at = random.integer(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(32))]);
};

const repeat: Mutation = (bytes, random) => {
  const at = random.integer(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random.integer(64));
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
};

/** A number where a length, an offset or a count may be, of any width and byte order. */
const editNumber: Mutation = (bytes, random) => {
  const copy = new Uint8Array(bytes);
  const width = [1, 2, 4, 8][random.integer(4)] as number;
  if (copy.length < width) return copy;
  const at = random.integer(copy.length - width + 1);
  const near = BigInt((copy[at] ?? 0) + random.integer(5) - 2);
  let value =
    random.integer(3) === 0
      ? near
      : random.integer(3) === 0
        ? BigInt(bytes.length + random.integer(3) - 1)
        : (NUMBERS[random.integer(NUMBERS.length)] as bigint);
  const order = random.integer(2) === 0;
  for (let i = 0; i < width; i++, value >>= 8n) copy[order ? at + i : at + width - 1 - i] = Number(value & 0xffn);
  return copy;
};

/** A number, name or value written in text: another stands in its place. */
const editText: Mutation = (bytes, random) => {
  const isWord = (byte: number | undefined): boolean =>
    byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a));
  let start = random.integer(bytes.length);
  for (let tries = 0; tries < 64 && !isWord(bytes[start]); tries++) start = (start + 1) % bytes.length;
  let end = start;
  while (isWord(bytes[end])) end += 1;
  while (start > 0 && isWord(bytes[start - 1])) start -= 1;
  // Sometimes with its quotes.
  if (bytes[start - 1] === 0x22 && bytes[end] === 0x22 && random.integer(2) === 0) [start, end] = [start - 1, end + 1];
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(WORDS[random.integer(WORDS.length)] as string), bytes.subarray(end)]);
};

const splice: Mutation = (bytes, random, others) => {
  const other = others[random.integer(others.length)] ?? bytes;
  return Buffer.concat([bytes.subarray(0, random.integer(bytes.length)), other.subarray(random.integer(other.length))]);
};

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  flipBits,
  setBytes,
  truncate,
  extend,
  cutOut,
  repeat,
  editNumber,
  editNumber,
  editNumber,
  editText,
  editText,
  splice,
];

/** A copy of one of the files with one to three faults. */
export function damaged(files: readonly Uint8Array[], random: Random): { readonly bytes: Uint8Array; readonly faults: number } {
  let bytes = files[random.integer(files.length)] as Uint8Array;
  const faults = 1 + random.integer(3);
  for (let i = 0; i < faults && bytes.length > 0; i++)
    bytes = (MUTATIONS[random.integer(MUTATIONS.length)] as Mutation)(bytes, random, files);
  // A Buffer of a pool has neighbors; a file has none.
  return { bytes: new Uint8Array(bytes), faults };
}
