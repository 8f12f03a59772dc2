// The entry `effnet-ts/onnx`: models as ONNX files, and running them on ONNX Runtime.

export { createRuntime, exportOnnx } from './onnx/index.js';
export type {
  ExportOnnxOptions, OnnxDevice, OnnxRuntimeModule, PlannedNetwork, Runtime, CreateRuntimeOptions, RuntimeOutput,
} from './onnx/index.js';
