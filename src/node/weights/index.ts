export { exportTransformers, type ExportTransformersOptions, type TransformersReport } from './exportTransformers.js';
export { loadWeights } from './loadWeights.js';
export { loadModel, saveModel } from './modelFolder.js';
export { pretrained, type PretrainedOptions } from './pretrained.js';
export { readWeightFile } from './readWeightFile.js';
export type { CacheOptions } from './weightCache.js';
