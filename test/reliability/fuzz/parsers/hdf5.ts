// HDF5, which h5wasm reads in WebAssembly: what it does to itself must not reach the caller.

import fc from 'fast-check';
import { File, ready } from 'h5wasm';
import { readKeras } from '../../../../src/hdf5/index.js';
import type { Parser } from '../parser.js';
import { checkArrays } from './safetensors.js';

/** A file of Keras 3 and one of Keras 2, as small as they come, each in the newer format and in the older one, which has no checksums. */
export async function hdf5Files(): Promise<readonly Uint8Array[]> {
  const { FS } = await ready;
  const written = (name: string, write: (file: File) => void): readonly Uint8Array[] =>
    (['latest', 'earliest'] as const).map((oldest) => {
      const file = new File(name, 'w', { libver: [oldest, 'latest'] });
      write(file);
      file.close();
      return new Uint8Array(FS.readFile(name));
    });
  return [
    ...written('three.h5', (file) => {
      const vars = file.create_group('layers').create_group('dense').create_group('vars');
      vars.create_dataset({ name: '0', data: new Float32Array(6).fill(0.5), shape: [2, 3] });
      vars.create_dataset({ name: '1', data: Float32Array.of(1, 2, 3), shape: [3] });
      vars.create_attribute('name', 'predictions');
    }),
    ...written('two.h5', (file) => {
      file.create_attribute('layer_names', ['stem', 'top']);
      for (const layer of ['stem', 'top']) {
        const group = file.create_group(layer);
        group.create_attribute('weight_names', [`${layer}/kernel:0`]);
        group
          .create_group(layer)
          .create_dataset({ name: 'kernel:0', data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], chunks: [1, 2], compression: 4 });
      }
    }),
  ];
}

let reads = 0;
let isBroken = false;

export const parser: Parser = {
  files: hdf5Files,
  // A trap in WebAssembly ends a process' HDF5, and the library keeps some memory of every damaged file.
  isSpent: () => isBroken || reads > 1000,
  inputs: fc
    .uint8Array({ maxLength: 300 })
    .map((rest) => new Uint8Array(Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), rest]))),
  async read(bytes) {
    reads += 1;
    try {
      checkArrays(await readKeras(bytes));
    } catch (error) {
      const { cause } = error as { readonly cause?: unknown };
      isBroken ||= cause instanceof WebAssembly.RuntimeError || String(cause).includes('call stack');
      throw error;
    }
    // The file is closed in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 0));
  },
};
