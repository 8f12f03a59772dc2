// The entry `effnet-ts/onnx`: models as ONNX files, and running them on ONNX Runtime.

export { createRuntime, exportOnnx } from './onnx/index.js';
export type {
  ExportOnnxOptions, OnnxAttribute, OnnxConstantValues, OnnxConverter, OnnxDevice, OnnxLayer, OnnxLayerWeight, OnnxRuntimeModule, OnnxSession, OnnxSessionOptions, OnnxTensor, OnnxValue, PlannedNetwork, Runtime, RuntimeOptions, RuntimeOutput,
} from './onnx/index.js';
