export { efficientNet, type EfficientNetOptions } from './efficientNet.js';
export { featureExtractor } from './featureExtractor.js';
export { foldBatchNorm } from './foldBatchNorm.js';
export { loadModel, type LoadModelOptions } from './loadModel.js';
export { classNamesOf, setClassNames, setPreprocessing } from './metadata.js';
export { modelSummary, type ModelSummary, type ModelSummaryOptions, type StageSummary, summaryTable } from './modelSummary.js';
export { planOf } from './planOf.js';
export { replaceHead, type ReplaceHeadOptions } from './replaceHead.js';
export { saveModel, type SaveModelOptions } from './saveModel.js';
