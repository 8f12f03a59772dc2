// Detects backends that are much slower than expected: plain JavaScript and software renderers.

import type { Device } from './device.js';

const SOFTWARE_RENDERER = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/** Returns a sentence that says why a backend is slow, or `undefined` if it is not. */
export function whySlow(backend: string, device: Device | undefined): string | undefined {
  if (backend === 'cpu') return 'It is plain JavaScript, about twenty times slower than wasm.';
  if (device !== undefined && SOFTWARE_RENDERER.test(device.name))
    return (
      `It runs on a software renderer (${device.name}), which is slower than wasm: ` +
      `there is no GPU, or its driver is missing or blocked.`
    );
  return undefined;
}

/** Returns a sentence that says why a backend does not compute on a GPU, or `undefined` if it does, or if the backend is unknown. */
export function whyNoGpu(backend: string, device: Device | undefined): string | undefined {
  if (backend === 'cpu' || backend === 'wasm') return 'It computes on the CPU.';
  if (device === undefined) return undefined;
  if (SOFTWARE_RENDERER.test(device.name))
    return `It runs on a software renderer (${device.name}): there is no GPU, or its driver is missing or blocked.`;
  return device.name.endsWith(' on the CPU') ? `It computes on the CPU (${device.name}).` : undefined;
}

const warned = new Set<string>();

/** Prints a warning to the console, once per message. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  console.warn(message);
}
