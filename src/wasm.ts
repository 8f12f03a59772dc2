// The entry `effnet-ts/wasm`: what TensorFlow.js' wasm backend needs to train.

export { registerWasmTraining } from './wasm/index.js';
