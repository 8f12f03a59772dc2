/// <reference types="vite/client" />
// The backends this page ships, each fetched only when its turn comes.

import plainFile from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdFile from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedFile from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import type { BackendLoader } from 'effnet-ts';
import type { BackendChoice } from './protocol.js';

const LOADERS: readonly BackendLoader[] = [
  { name: 'webgpu', load: () => import('@tensorflow/tfjs-backend-webgpu') },
  { name: 'webgl', load: () => import('@tensorflow/tfjs-backend-webgl') },
  {
    name: 'wasm',
    async load() {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      setWasmPaths({
        'tfjs-backend-wasm.wasm': plainFile,
        'tfjs-backend-wasm-simd.wasm': simdFile,
        'tfjs-backend-wasm-threaded-simd.wasm': threadedFile,
      });
    },
    async prepare() {
      const { registerWasmTraining } = await import('effnet-ts/wasm');
      await registerWasmTraining();
    },
  },
];

/** The one asked for, or all of them, the fastest first. */
export function loadersFor(choice: BackendChoice): readonly BackendLoader[] {
  return choice === 'auto' ? LOADERS : LOADERS.filter(({ name }) => name === choice);
}
