export { efficientNet } from './efficientNet.js';
export type { EfficientNetOptions } from './efficientNet.js';
export { featureExtractor } from './featureExtractor.js';
export { foldBatchNorm } from './foldBatchNorm.js';
export { classNamesOf, hasPlan, planOf, setClassNames } from './metadata.js';
export { modelFromArtifacts } from './modelFromArtifacts.js';
export { replaceHead, splitHead } from './replaceHead.js';
export type { ReplaceHeadOptions } from './replaceHead.js';
export { loadModel, saveModel } from './saveModel.js';
