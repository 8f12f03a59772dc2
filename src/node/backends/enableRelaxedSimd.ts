// Relaxed SIMD in Node 20, whose V8 has it behind a flag. Later versions of Node have it without one.

import { setFlagsFromString } from 'node:v8';

/** The version of V8 in Node 20. It implements the final form of relaxed SIMD, which the next version enabled. */
const BEHIND_FLAG = '11.3.';

/** Lets WebAssembly that is compiled from now on use relaxed SIMD. The flag applies to all threads of the process. */
export function enableRelaxedSimd(): void {
  if (process.versions.v8.startsWith(BEHIND_FLAG)) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
