// Says when the chosen backend is much slower than expected: plain JavaScript, or a GPU that software imitates.

import type { Device } from './device.js';

const SOFTWARE_RENDERER = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/** Why a backend is slow, as one sentence; `undefined` for the others. */
export function whySlow(backend: string, device: Device | undefined): string | undefined {
  if (backend === 'cpu') return 'It is plain JavaScript, about twenty times slower than wasm.';
  if (device !== undefined && SOFTWARE_RENDERER.test(device.name))
    return (
      `It runs on a software renderer (${device.name}), which is slower than wasm: ` +
      `there is no GPU, or its driver is missing or blocked.`
    );
  return undefined;
}

const warned = new Set<string>();

/** Warns on the console, once in this process or page. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  console.warn(message);
}
