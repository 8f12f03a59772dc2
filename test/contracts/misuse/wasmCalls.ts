import { createRequire } from 'node:module';
import path from 'node:path';
import type { BaseCalls } from './baseCall.js';

export const wasmCalls: BaseCalls = {
  registerWasmTraining: {
    args: async () => {
      // Imported for this call only: TensorFlow.js prefers this backend to the one of the test.
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      setWasmPaths(`${path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
      return [];
    },
  },
};
