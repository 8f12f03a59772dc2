export { NamedOptimizer } from './NamedOptimizer.js';
export { callback, type CallbackHooks, type CallbackState, TrainingCallback } from './callback.js';
export { dropRateSchedule, type DropRateScheduleOptions } from './dropRateSchedule.js';
export { earlyStopping, type EarlyStoppingOptions, terminateOnNaN } from './earlyStopping.js';
export { ema, type Ema, type EmaOptions } from './ema.js';
export type { FeatureCacheFile, FeatureCacheStore } from './entryStore.js';
export type { EpochMetrics, MetricValues } from './epochMetrics.js';
export type { LeaveOneOut } from './fitScale.js';
export type { FeatureRuntime } from './frozenPart.js';
export type { TrainingWorkers } from './replicas.js';
export { featureDatabase } from './featureDatabase.js';
export type { FeatureStore, StoredFeatures } from './featureStore.js';
export { fineTune } from './fineTune.js';
export type { FineTuneOptions, FineTuneStage } from './fineTuneOptions.js';
export { type FineTuningRecipe, fineTuningRecipe, type FineTuningRecipeOptions } from './fineTuningRecipe.js';
export { freeze, type LayerSelector, unfreeze } from './freeze.js';
export {
  freezeExceptBatchNorm,
  freezeUpTo,
  inferenceMode,
  type TrainableRow,
  trainableSummary,
  type TrainableSummary,
  unfreezeExceptBatchNorm,
} from './freezeParts.js';
export {
  learningRateOf,
  learningRateSchedule,
  type LearningRateScheduleOptions,
  reduceOnPlateau,
  type ReduceOnPlateauOptions,
  setLearningRate,
  type StepLog,
} from './learningRate.js';
export {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  focalLoss,
  type FocalLossOptions,
  type Loss,
  softmaxCrossEntropy,
} from './losses.js';
export { accuracy, auc, type DecisionOptions, f1, type Metric, precision, recall, topK } from './metrics.js';
export type { MonitorOptions } from './monitor.js';
export type { NamedOptimizerOptions, OptimizerOptions } from './optimizerOptions.js';
export type { NamedTensor } from './optimizerState.js';
export {
  adam,
  type AdamOptions,
  adamW,
  rmsProp,
  type RmsPropOptions,
  rmsPropTF,
  type RmsPropTFOptions,
  sgd,
  type SgdOptions,
} from './optimizers.js';
export { perEpoch, withWarmup } from './composeSchedules.js';
export { trainingProgress } from './progress.js';
export type { Schedule } from './schedule.js';
export {
  constantRate,
  exponentialDecay,
  type ExponentialDecayOptions,
  oneCycle,
  type OneCycleOptions,
  polynomialDecay,
  type PolynomialDecayOptions,
  stepDecay,
  type StepDecayOptions,
  warmupCosine,
  type WarmupCosineOptions,
} from './schedules.js';
export { type TrainedHead, trainHead } from './trainHead.js';
export type { TrainHeadOptions } from './trainHeadOptions.js';
export type { TrainingBatch } from './trainingBatch.js';
export type { CheckpointStore } from './trainingRun.js';
export type { Update, UpdateRule } from './updateRule.js';
