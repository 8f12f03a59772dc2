export { checkFiniteOutputs, knownClassNames, checkPredictor } from './evaluate.js';
export { inputPreprocessing, modelInput, preprocessingSource } from './modelInput.js';
export { predictValues } from './predictValues.js';
