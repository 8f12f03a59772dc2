export { registerWasmTraining } from './registerWasmTraining.js';
