// Keras' `.keras` archives as they come.

import fc from 'fast-check';
import { zipSync } from 'fflate';
import { readKeras } from '../../../../src/hdf5/index.js';
import type { Parser } from '../parser.js';
import { hdf5Files } from './hdf5.js';
import { checkArrays } from './safetensors.js';

export const parser: Parser = {
  async files() {
    const weights = await hdf5Files();
    return weights.flatMap((bytes) =>
      ([0, 6] as const).map((level) =>
        zipSync({ 'metadata.json': Buffer.from('{}'), 'config.json': Buffer.from('{}'), 'model.weights.h5': bytes }, { level }),
      ),
    );
  },
  inputs: fc
    .dictionary(fc.constantFrom('config.json', 'model.weights.h5', '../a', 'metadata.json'), fc.uint8Array({ maxLength: 60 }))
    .map((files) => zipSync(files)),
  read: async (bytes) => {
    checkArrays(await readKeras(bytes));
  },
};
