// The backend contract's page: esbuild bundles this file, test/browser/backends.test.ts calls it as `contract`.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { selectBackend, type BackendReport } from '../../src/backends/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { backendWork } from './backendWork.js';

const imported = (): Promise<void> => Promise.resolve();

/** Makes the backend the active one. */
export function start(name: string): Promise<BackendReport> {
  setWasmPaths('/wasm/');
  return selectBackend([name === 'wasm' ? { name, load: imported, prepare: registerWasmTraining } : { name, load: imported }]);
}

export const { probe, predictB0, takeTwentySteps } = backendWork;
