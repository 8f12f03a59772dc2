// The entry `effnet-ts/onnx`: models as ONNX files, and running them on ONNX Runtime.

export { createRuntime, exportOnnx } from './onnx/index.js';
export type {
  CreateRuntimeOptions, ExportOnnxOptions, OnnxAttribute, OnnxConstantValues, OnnxConverter, OnnxDevice, OnnxLayer, OnnxLayerWeight, OnnxRuntimeModule, OnnxShape, OnnxValue, PlannedNetwork, Runtime, RuntimeOutput,
} from './onnx/index.js';
