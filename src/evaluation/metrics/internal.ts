export { bestScale } from './bestScale.js';
export { checkAnyEvaluation, checkEvaluation, checkPredictions } from './checkEvaluation.js';
export { collectPredictions } from './collectPredictions.js';
export { checkSameData } from './compareEvaluations.js';
export { mostMistaken } from './confusionTable.js';
export { type EitherOptions, finishMultiLabel, finishSingle, rulesFor } from './evaluatePredictions.js';
export { targetIndex } from './targetIndex.js';
export { bestTemperature, logsOf } from './temperature.js';
export { uniqueNames } from './uniqueNames.js';
