// Backends for Node that use native packages: TensorFlow's C library, and the GPU through WebGPU.

import { createRequire } from 'node:module';
import { BackendError, MissingPackageError } from '../../core/index.js';
import { missingPackage } from '../../core/internal.js';

/** Imports a package by name. The name is not a literal, so that bundlers do not try to include native packages. */
export type ImportPackage = (name: string) => Promise<unknown>;

const importPackage: ImportPackage = (name) => import(name) as Promise<unknown>;

/** The URL or path of this file. A CommonJS bundle has no `import.meta.url`. */
export function thisFile(): string {
  const url = import.meta.url as string | undefined;
  return url ?? __filename;
}

/** Loads the backend 'tensorflow'. Two packages register it, and the one for CUDA is preferred where it is installed. */
export async function loadTensorFlow(where: string, load: ImportPackage = importPackage): Promise<void> {
  // Node 23 removed this function, but tfjs-node 4.22 still calls it.
  const util = createRequire(thisFile())('node:util') as { isNullOrUndefined?: ((value: unknown) => boolean) | undefined };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  try {
    await load('@tensorflow/tfjs-node-gpu').catch(missingPackage(where, '@tensorflow/tfjs-node-gpu'));
  } catch (error) {
    if (!(error instanceof MissingPackageError) || error.installed) throw error;
    await load('@tensorflow/tfjs-node').catch(missingPackage(where, '@tensorflow/tfjs-node'));
  }
}

/** The packages that the WebGPU backend needs. */
const WEBGPU = 'webgpu @tensorflow/tfjs-backend-webgpu';

interface Dawn {
  readonly create: (options: readonly string[]) => { requestAdapter: () => Promise<unknown> };
  readonly globals: object;
}

/** Loads the backend 'webgpu'. Where there is no `navigator.gpu`, the npm package `webgpu` (Dawn) provides it. */
export async function loadWebGpu(where: string, load: ImportPackage = importPackage): Promise<void> {
  const { navigator } = globalThis as { navigator?: { gpu?: unknown } | undefined };
  // A second Dawn instance could not use the buffers of the first one.
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
  // Before version 21, Node has no navigator.
  if ((globalThis.navigator as Navigator | undefined) === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
}
