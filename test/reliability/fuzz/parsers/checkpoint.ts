// Checkpoints of training: safetensors with notes.

import fc from 'fast-check';
import { readCheckpoint, writeCheckpoint } from '../../../../src/training/internal.js';
import { weightArray, writeSafetensors } from '../../../../src/weights/index.js';
import { expectRight, type Parser } from '../parser.js';
import { checkArrays } from './safetensors.js';

const arrays = (name: string) => new Map([[name, weightArray([2], Float32Array.of(1, 2))]]);

export const parser: Parser = {
  files: () => [
    writeCheckpoint({
      weights: arrays('predictions/kernel'),
      optimizer: arrays('predictions/kernel/mean'),
      others: arrays('ema/predictions/kernel'),
      notes: { epoch: 3, figures: { loss: 0.5 }, name: 'ü' },
    }),
    writeCheckpoint({ weights: arrays('a'), optimizer: new Map(), others: new Map(), notes: {} }),
  ],
  inputs: fc
    .tuple(fc.constantFrom('effnet-ts checkpoint 1', 'other'), fc.oneof(fc.json(), fc.string()))
    .map(([format, notes]) => writeSafetensors(arrays('weights/a'), { metadata: { format, notes } })),
  read(bytes) {
    const { weights, optimizer, others, notes } = readCheckpoint(bytes);
    for (const part of [weights, optimizer, others]) checkArrays(part);
    expectRight(typeof notes === 'object' && (notes as object | null) !== null && !Array.isArray(notes), 'notes are an object');
  },
};
