export { exportOnnx } from './exportOnnx.js';
export type { ExportOnnxOptions, PlannedNetwork } from './exportOnnx.js';
export { createRuntime } from './createRuntime.js';
export type { OnnxDevice, Runtime, CreateRuntimeOptions, RuntimeOutput } from './openRuntime.js';
export type { OnnxRuntimeModule } from './loadOnnxRuntime.js';
