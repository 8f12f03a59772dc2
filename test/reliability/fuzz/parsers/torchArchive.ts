// PyTorch's zip archives as they come, and pickles bare.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { readTorch, readWeights } from '../../../../src/weights/index.js';
import { expectRight, type Parser } from '../parser.js';
import { checkArrays } from './safetensors.js';

export const TORCH_FILES = [
  'state.pth',
  'state-legacy.pth',
  'checkpoint.pth',
  'checkpoint-protocol4.pth',
  'whole-module.pth',
  'os-system.pth',
  'os-system-legacy.pth',
  'plain.pkl',
];
export const torchFile = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/weights/${name}`));

export const parser: Parser = {
  files: () => [
    ...TORCH_FILES.map(torchFile),
    zipSync({ 'a/data.pkl': torchFile('plain.pkl'), 'a/data/0': new Uint8Array(400) }, { level: 9 }),
  ],
  inputs: fc
    .dictionary(
      fc.oneof(
        fc.constantFrom('a/data.pkl', 'a/data/0', 'a/byteorder', '../x', '/x', 'config.json', 'C:\\x'),
        fc.stringMatching(/^[a-z.]{1,9}$/),
      ),
      fc.uint8Array({ maxLength: 40 }),
      { maxKeys: 4 },
    )
    .map((files) => zipSync(files, { level: 6 })),
  read(bytes) {
    const arrays = readTorch(bytes);
    checkArrays(arrays);
    expectRight(readWeights(bytes).size === arrays.size, 'told apart from the same bytes');
  },
};
