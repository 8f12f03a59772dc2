export { classificationReport } from './classificationReport.js';
export type { ClassificationReportOptions } from './classificationReport.js';
export type { Calibration, ReliabilityBin } from './calibration.js';
export type { ClassScores, Scores } from './classScores.js';
export { confusionTable } from './confusionTable.js';
export type { ConfusionTableOptions } from './confusionTable.js';
export type { Evaluation, LabelSetPredictions, MultiLabelEvaluation, Predictions } from './evaluation.js';
export { evaluateMultiLabelPredictions, evaluatePredictions } from './evaluatePredictions.js';
export type { EvaluationOptions, MultiLabelEvaluationOptions, Rows } from './evaluatePredictions.js';
