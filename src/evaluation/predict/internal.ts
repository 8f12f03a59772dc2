export { checkEvaluatedModel } from './checkEvaluatedModel.js';
export { knownClassNames } from './knownClassNames.js';
export { openFeatureReader } from './indexFeatures.js';
export { inputPreprocessing, modelInput, preprocessingSource } from './modelInput.js';
export { classOf } from './classOf.js';
export { cosine } from './mostSimilar.js';
export { checkFiniteOutputs } from './predictBatch.js';
export { checkPredictor } from './predictor.js';
export { predictValues } from './predictValues.js';
