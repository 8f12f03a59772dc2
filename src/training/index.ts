export { allLayers, freeze, recompile, selectLayers, unfreeze } from './freeze.js';
export type { LayerSelector } from './freeze.js';
export { trainHead } from './trainHead.js';
export type { HeadEpoch, TrainedHead, TrainHeadOptions } from './trainHead.js';
export { constantRate, exponentialDecay, oneCycle, perEpoch, polynomialDecay, stepDecay, warmupCosine, withWarmup } from './schedules.js';
export type {
  ExponentialDecayOptions, OneCycleOptions, PolynomialDecayOptions, Schedule, StepDecayOptions, WarmupCosineOptions,
} from './schedules.js';
export { NamedOptimizer } from './NamedOptimizer.js';
export type { OptimizerOptions, Update, UpdateRule } from './NamedOptimizer.js';
export { adam, adamW, rmsProp, rmsPropTF, sgd } from './optimizers.js';
export type { AdamOptions, RmsPropOptions, RmsPropTFOptions, SgdOptions } from './optimizers.js';
export { binaryCrossEntropy, focalLoss, softmaxCrossEntropy } from './losses.js';
export type { CrossEntropyOptions, FocalLossOptions, Loss } from './losses.js';
export { accuracy, auc, f1, precision, recall, topK } from './metrics.js';
export type { DecisionOptions, Metric } from './metrics.js';
export { callback, TrainingCallback } from './callback.js';
export type { CallbackHooks, CallbackState, Figures } from './callback.js';
export { earlyStopping, terminateOnNaN } from './earlyStopping.js';
export type { EarlyStoppingOptions } from './earlyStopping.js';
export { ema } from './ema.js';
export type { Ema, EmaOptions } from './ema.js';
export { learningRateOf, learningRateSchedule, reduceOnPlateau, setLearningRate } from './learningRate.js';
export type { LearningRateScheduleOptions, ReduceOnPlateauOptions, StepLog } from './learningRate.js';
export { monitorOf, MONITOR_RULES } from './monitor.js';
export type { Monitor, MonitorOptions } from './monitor.js';
export { trainingProgress } from './progress.js';
export { checkpointOf, readCheckpoint, restoreCheckpoint, writeCheckpoint } from './checkpointFile.js';
export type { Checkpoint } from './checkpointFile.js';
