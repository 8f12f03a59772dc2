// The backend contract's page: esbuild bundles this file, test/browser/backends.test.ts calls it as `contract`.

import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { selectBackend, type BackendReport } from '../../src/backends/index.js';
import { callback, fineTune } from '../../src/training/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { tinyData, tinyModel } from '../support/tinyTraining.js';
import { backendWork } from './backendWork.js';

const imported = (): Promise<void> => Promise.resolve();

/** Makes the backend the active one. */
export function start(name: string): Promise<BackendReport> {
  setWasmPaths('/wasm/');
  return selectBackend([name === 'wasm' ? { name, load: imported, prepare: registerWasmTraining } : { name, load: imported }]);
}

export const { probe, predictB0, takeSteps } = backendWork;

/** Loses the GPU in the fourth step of a run, then goes on with it on wasm. */
export async function loseDevice(): Promise<{ error: string; checkpoints: number; epochs: number }> {
  let kept: Uint8Array | undefined;
  let checkpoints = 0;
  let steps = 0;
  const run = (lose: boolean) =>
    fineTune(tinyModel(3), {
      train: tinyData(),
      stages: [{ unfreeze: ['predictions'], epochs: 2 }],
      checkpointEverySteps: 1,
      store: {
        read: () => Promise.resolve(kept),
        write: (bytes) => {
          kept = bytes;
          checkpoints += 1;
          return Promise.resolve();
        },
      },
      callbacks: [
        callback({
          onBatchEnd: () => {
            if (lose && ++steps === 4) destroyDevice();
          },
        }),
      ],
    });
  const error = await run(true).then(() => 'none', String);
  const before = checkpoints;
  await start('wasm');
  return { error, checkpoints: before, epochs: (await run(false)).length };
}

function destroyDevice(): void {
  const { device, gpgpu } = tf.backend() as { device?: { destroy(): void }; gpgpu?: { gl: WebGLRenderingContext } };
  device?.destroy();
  gpgpu?.gl.getExtension('WEBGL_lose_context')?.loseContext();
}
