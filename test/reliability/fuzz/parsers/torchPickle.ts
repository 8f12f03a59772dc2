// The pickle inside PyTorch's archives, damaged before the archive gets its checksums.

import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { readTorch } from '../../../../src/weights/index.js';
import type { Parser } from '../parser.js';
import { checkArrays } from './safetensors.js';
import { torchFile } from './torchArchive.js';

const OPCODES = [
  '(',
  '0',
  '1',
  '2',
  'N',
  '\x88',
  '\x89',
  'J\xff\xff\xff\x7f',
  'K\x01',
  'M\x01\x01',
  '\x8a\x02\xff\x01',
  'G@\x00\x00\x00\x00\x00\x00\x00',
  'X\x01\x00\x00\x00a',
  '\x8c\x01b',
  '\x8c\x07storage',
  ']',
  ')',
  '}',
  't',
  '\x85',
  '\x86',
  '\x87',
  'a',
  'e',
  's',
  'u',
  'q\x00',
  'q\x01',
  'h\x00',
  'h\x01',
  '\x94',
  'Q',
  'R',
  '\x81',
  'b',
  'd',
  'l',
  '\x8f',
  '\x90',
  '\x91',
  '.',
  'ctorch\nFloatStorage\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'ccollections\nOrderedDict\n',
  'cargparse\nNamespace\n',
  'ctorch\nSize\n',
  'cos\nsystem\n',
  '\x8e\xff\xff\xff\xff\xff\xff\xff\xff',
];
const zip = (pickle: Uint8Array): Uint8Array => zipSync({ 'a/data.pkl': pickle, ...STORAGES }, { level: 0 });
const STORAGES = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`a/data/${i}`, new Uint8Array(256)]));

export const parser: Parser = {
  files: () =>
    ['state.pth', 'checkpoint.pth', 'checkpoint-protocol4.pth', 'whole-module.pth'].map((name) => {
      const [pickle] = Object.entries(unzipSync(torchFile(name)))
        .filter(([entry]) => entry.endsWith('data.pkl'))
        .map(([, bytes]) => bytes);
      return pickle as Uint8Array;
    }),
  inputs: fc
    .array(fc.constantFrom(...OPCODES), { maxLength: 80 })
    .map((opcodes) => new Uint8Array(Buffer.from(`\x80\x02${opcodes.join('')}.`, 'latin1'))),
  read: (bytes) => {
    checkArrays(readTorch(zip(bytes)));
  },
};
