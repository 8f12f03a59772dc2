export type { DownloadOptions } from './downloadOptions.js';
export type { ElementType } from './elements.js';
export type { SkippedArray } from './fitWeights.js';
export { layoutEntries, type LayoutEntry, type LayoutName, LAYOUTS } from './layouts.js';
export { loadWeights, type LoadWeightsOptions, type WeightsReport } from './loadWeights.js';
export type { ModelNotes } from './modelNotes.js';
export { type NamedArrays, weightArray, type WeightArray } from './namedArrays.js';
export { type ModelWeight, namedWeights } from './namedWeights.js';
export type { PageDownloadOptions } from './pageWeights.js';
export { pretrained, type PretrainedOptions } from './pretrained.js';
export {
  defaultPretrained,
  type Digest,
  modelOptionsOf,
  PRETRAINED,
  type PretrainedWeights,
  type WeightsSource,
} from './pretrainedWeights.js';
export { readSafetensors } from './readSafetensors.js';
export { readTfjs, type TfjsWeights } from './readTfjs.js';
export { readTorch } from './readTorch.js';
export { readWeights } from './readWeights.js';
export type { FitOptions } from './recognizeLayout.js';
export { weightsOf, type WeightsOfOptions } from './weightsOf.js';
export { writeSafetensors, type WriteSafetensorsOptions } from './writeSafetensors.js';
