/// <reference types="vite/client" />
// The backends this page ships, each fetched only when its turn comes.

import plainFile from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdFile from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedFile from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { selectBackend, type BackendLoader, type BackendReport } from 'effnet-ts';
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

/**
 * Starts the chosen backend. 'auto' takes a GPU, and wasm where there is none: software renderers such as SwiftShader are slower than wasm.
 */
export async function startBackend(choice: BackendChoice): Promise<BackendReport> {
  if (choice !== 'auto') return selectBackend(LOADERS.filter(({ name }) => name === choice));
  const gpus = LOADERS.filter(({ name }) => name !== 'wasm');
  const found = await selectBackend(gpus, { device: 'gpu' }).catch((error: unknown) => error as Error);
  if (!(found instanceof Error)) return found;
  const { tried, ...report } = await selectBackend(LOADERS.filter(({ name }) => name === 'wasm'));
  return { ...report, tried: [{ name: 'webgpu, webgl', outcome: 'no GPU', reason: found.message }, ...tried] };
}
