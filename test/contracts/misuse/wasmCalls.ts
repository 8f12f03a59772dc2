import '@tensorflow/tfjs-backend-wasm';
import { startWasm } from '../../support/wasm.js';
import type { BaseCalls } from './baseCall.js';

export const wasmCalls: BaseCalls = {
  registerWasmTraining: { args: () => [] },
};
