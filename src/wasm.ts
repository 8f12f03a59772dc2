// The entry `effnet-ts/wasm`: what TensorFlow.js' wasm backend needs to train.

export * from './wasm/index.js';
