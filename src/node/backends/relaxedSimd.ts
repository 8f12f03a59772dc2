// Relaxed SIMD in Node 20, whose V8 has it behind a flag. It became a standard part of V8 two versions later.

import { setFlagsFromString } from 'node:v8';

/**
 * Allows WebAssembly modules with relaxed SIMD in this process, including its worker threads. The kernels for wasm use relaxed SIMD if the
 * engine accepts it. The flag stays set, so that all threads get the same kernels. Node 22 and later need no flag.
 */
export function allowRelaxedSimd(): void {
  // Bun and Deno also report a version of Node.
  const { node, bun, deno } = process.versions as Readonly<Record<string, string | undefined>>;
  if (bun === undefined && deno === undefined && node?.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
