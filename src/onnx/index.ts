export { exportOnnx } from './exportOnnx.js';
export type { ExportOnnxOptions, PlannedNetwork } from './exportOnnx.js';
export { createRuntime } from './createRuntime.js';
export type { LayerWeight as OnnxLayerWeight } from './layerContext.js';
export type { Attribute as OnnxAttribute, ConstantValues as OnnxConstantValues } from './graph.js';
export type { OnnxConverter, OnnxLayer, OnnxValue } from './ownConverter.js';
export type { Shape as OnnxShape } from './value.js';
export type { OnnxDevice, Runtime, CreateRuntimeOptions, RuntimeOutput } from './openRuntime.js';
export type { OnnxRuntimeModule } from './loadOnnxRuntime.js';
