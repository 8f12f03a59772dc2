export type { Calibration, ReliabilityBin } from './calibration.js';
export type { ClassScores, Scores } from './classScores.js';
export { classificationReport, type ClassificationReportOptions } from './classificationReport.js';
export { compareEvaluations, type EvaluationComparison } from './compareEvaluations.js';
export { confidenceInterval, type ConfidenceInterval, type ConfidenceIntervalOptions, type IntervalMetric } from './confidenceInterval.js';
export { confusionTable, type ConfusionTableOptions } from './confusionTable.js';
export {
  evaluatePredictions,
  type EvaluatePredictionsMultiLabelOptions,
  type EvaluatePredictionsOptions,
  type EvaluationOptions,
  type MultiLabelEvaluationOptions,
  type Rows,
} from './evaluatePredictions.js';
export { type LabelIssue, labelIssues } from './labelIssues.js';
export type { Evaluation, LabelSetPredictions, MultiLabelEvaluation, Predictions } from './evaluation.js';
export { confidencesOf, type CoverageCurve, coverageCurve, fitUnknownThreshold, type FitUnknownThresholdOptions } from './coverageCurve.js';
export { evaluateUnknown, type UnknownEvaluation } from './evaluateUnknown.js';
export { type ConfusedPair, confusedPairs, mostWrong } from './mistakes.js';
export { type PredictionRow, predictionsCsv, predictionsTable } from './predictionsTable.js';
export { precisionRecallCurve, type PrecisionRecallCurve, rocCurve, type RocCurve } from './rankingCurves.js';
export { averagePrecision, type RankingScores, rocAuc } from './rankingScores.js';
export { fitTemperature, withTemperature } from './temperature.js';
