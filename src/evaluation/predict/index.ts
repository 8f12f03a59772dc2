export { type Classification, classify, type ClassifyOptions } from './classify.js';
export { classifyMany, type ClassifyManyOptions } from './classifyMany.js';
export {
  crossValidate,
  type CrossValidateMultiLabelOptions,
  type CrossValidateOptions,
  type CrossValidation,
  type Fold,
} from './crossValidate.js';
export { ensemble, type EnsembleOptions, testTimeAugmentation, type TestTimeAugmentationOptions } from './ensemble.js';
export { evaluate, type EvaluateMultiLabelOptions, type EvaluateOptions, type EvaluationBatch, type EvaluationData } from './evaluate.js';
export { imageIndex } from './imageIndex.js';
export type {
  AddImagesOptions,
  ImageIndex,
  ImageIndexOptions,
  IndexClassifier,
  IndexClassifierOptions,
  IndexedImage,
  SearchOptions,
  SimilarImage,
} from './imageIndexOptions.js';
export type { IndexableImage } from './indexFeatures.js';
export type { PredictedValues, Predictor } from './predictor.js';
export { warmup, type WarmupOptions } from './warmup.js';
