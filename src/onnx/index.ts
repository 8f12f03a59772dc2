export { createRuntime } from './createRuntime.js';
export { exportOnnx, type ExportOnnxOptions } from './exportOnnx.js';
export type { Attribute as OnnxAttribute, ConstantValues as OnnxConstantValues } from './graph.js';
export type { LayerWeight as OnnxLayerWeight } from './layerContext.js';
export type { OnnxRuntimeModule } from './loadOnnxRuntime.js';
export type { CreateRuntimeOptions, OnnxDevice, Runtime, RuntimeOutput } from './openRuntime.js';
export type { OnnxConverter, OnnxLayer, OnnxValue } from './ownConverter.js';
export type { PlannedNetwork } from './plannedNetwork.js';
export type { Shape as OnnxShape } from './value.js';
