// Backends of Node that stand on native packages: TensorFlow's own library, and a GPU through WebGPU.

import { createRequire } from 'node:module';
import { BackendError, MissingPackageError } from '../../core/index.js';
import { missingPackage } from '../../core/internal.js';

/** Imports a package by a name that bundlers cannot see, so that they leave native packages alone. */
export type ImportPackage = (name: string) => Promise<unknown>;

const importPackage: ImportPackage = (name) => import(name) as Promise<unknown>;

/** This file; a bundle in CommonJS format has no import.meta.url. */
export function thisFile(): string {
  const url = import.meta.url as string | undefined;
  return url ?? __filename;
}

/** Both packages register the backend 'tensorflow'; the one for CUDA wins where it is installed. */
export async function loadTensorFlow(where: string, load: ImportPackage = importPackage): Promise<void> {
  // Node 23 dropped this function; tfjs-node 4.22 calls it.
  const util = createRequire(thisFile())('node:util') as { isNullOrUndefined?: ((value: unknown) => boolean) | undefined };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  try {
    await load('@tensorflow/tfjs-node-gpu').catch(missingPackage(where, '@tensorflow/tfjs-node-gpu'));
  } catch (error) {
    if (!(error instanceof MissingPackageError) || error.installed) throw error;
    await load('@tensorflow/tfjs-node').catch(missingPackage(where, '@tensorflow/tfjs-node'));
  }
}

/** Both are needed. */
const WEBGPU = 'webgpu @tensorflow/tfjs-backend-webgpu';

interface Dawn {
  readonly create: (options: readonly string[]) => { requestAdapter: () => Promise<unknown> };
  readonly globals: object;
}

/** Gives Node the browser's `navigator.gpu`, made by Dawn (npm `webgpu`), unless it has one, then imports TensorFlow.js' backend. */
export async function loadWebGpu(where: string, load: ImportPackage = importPackage): Promise<void> {
  const { navigator } = globalThis as { navigator?: { gpu?: unknown } | undefined };
  // A second Dawn would know nothing of what the first one holds.
  if (navigator?.gpu === undefined) await startDawn(where, load);
  await load('@tensorflow/tfjs-backend-webgpu').catch(missingPackage(where, '@tensorflow/tfjs-backend-webgpu', WEBGPU));
}

async function startDawn(where: string, load: ImportPackage): Promise<void> {
  const { create, globals } = (await load('webgpu').catch(missingPackage(where, 'webgpu', WEBGPU))) as Dawn;
  const gpu = create([]);
  if ((await gpu.requestAdapter()) === null) {
    throw new BackendError('Dawn found no GPU adapter; it needs a driver for Vulkan, Metal or Direct3D 12');
  }
  Object.assign(globalThis, globals);
  // Node has a navigator from version 21 on.
  if ((globalThis.navigator as Navigator | undefined) === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
}
