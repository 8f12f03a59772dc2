// The entry `effnet-ts/onnx`: models as ONNX files, and running them on ONNX Runtime.

export * from './onnx/index.js';
