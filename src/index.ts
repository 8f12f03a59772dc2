// The isomorphic entry: everything that runs in Node and in a browser alike.

export { BackendError, DataError, EffnetError, isEffnetError, MissingPackageError, OptionError, ShapeError, WeightsError } from './core/index.js';
export type { Complete, DataErrorOptions, MissingPackageErrorOptions, Progress, ProgressListener, Random, WeightsErrorOptions, WeightsMismatch } from './core/index.js';
export { describePlan, planFusedMBConv, planMBConv, planModel, planStage, roundFilters, roundRepeats, VARIANTS } from './scaling/index.js';

export {
  adjustBrightness, adjustContrast, adjustHue, adjustLighting, adjustSaturation, affine, applyPolicyOperation, autoAugment, centerCrop, colorJitter,
  crop, evalTransform, flipHorizontal, flipVertical, gaussianBlur, oneOfTransforms, paddedCenterCrop, pcaLighting, preprocess, preprocessingOf, randAugment, randomAffine,
  randomBlur, randomErasing, randomFlip, randomGrayscale, randomly, randomResizedCrop, resize, resizeShorterSide, resizeTo, resizing, sequence,
  toGrayscale, trainAugmentation, transformOf, trivialAugment,
} from './image/index.js';
export type {
  AffineOptions, Box, CenterCropOptions, ColorJitterOptions, CoveredBox, FillMode, Fit, Margins, NumberRange, PaddedCenterCropOptions, PcaLightingOptions, Pixels, PolicyOperation, CompletePreprocessing, Preprocessing, PreprocessingSource, RandAugmentOptions,
  RandomAffineOptions, RandomBlurOptions, RandomErasingOptions, RandomFlipOptions, RandomGrayscaleOptions, RandomResizedCropOptions, RecipeName, Interpolation, ResizeOptions, ResizeToOptions,
  Size, TestTimeViewsOptions, Transform, TransformSpec,
} from './image/index.js';
export {
  augment, browserPixels, classWeights, collate, countClasses, cutMix, Dataset, decodeExample, encodeExample, feature, formatExample, frameTFRecord,
  imageBatches, kFold, mixUp, oneHot, oversample, parseExample, readTFRecords, RECORD_SCHEMAS, trainValidationSplit,
} from './data/index.js';
export type {
  AugmentOptions, BatchOptions, BitmapSource, BrowserImage, BrowserPixelsOptions, CachedImages, CacheStore, CacheWriter, ChangeOf, Example, FeatureValue, ImageBatch, ImageBatchesOptions,
  DataFingerprint, ImageRecordSchema, InterleaveOptions, ItemContext, ItemFunction, Label, LabeledImage, MapOptions, MixOptions, OversampleOptions, Pass, ImageChange, ReadTFRecordsOptions, RecordField, RecordFieldOf,
  RecordOf, RecordSchema, RecordValues, ShuffleOptions, SkipListener, Source, SplitOptions, TfDataModule, TfDataset, TFRecord,
  TransformWorkers,
} from './data/index.js';
export type {
  Activation, BlockPlan, BlockType, CompletePlanOptions, ClassifierActivation, FeatureShape, LayerPlan, LayerRole, MBConvSpec, ModelPlan,
  NetworkOptions, NetworkOutline, NetworkPlan, Normalization, NormActSpec, Padding, ParameterCount, PlanModelOptions, ReductionPlan, RoundFiltersOptions, StageLayersSpec, StagePlan, StageSpec, Variant,
  VariantSpec, WeightPlan, WithoutTop, WithTop,
} from './scaling/index.js';

export {
  PRETRAINED, modelOptionsOf, defaultPretrained, layoutEntries, LAYOUTS, loadWeights, namedWeights, readSafetensors, readTfjs, readTorch, readWeights, weightArray, weightsOf, writeSafetensors,
} from './weights/index.js';
export type {
  PretrainedWeights, WeightsSource, Digest, ElementType, FitOptions, LayoutEntry, LayoutName, LoadWeightsOptions, ModelNotes, ModelWeight, NamedArrays, SkippedArray, TfjsWeights, WeightArray, WeightsOfOptions,
  WeightsReport, WriteSafetensorsOptions,
} from './weights/index.js';

export {
  averagePrecision, classActivationMap, classificationReport, compareEvaluations, confidenceInterval, confusedPairs, confusionTable, crossValidate, ensemble, evaluate,
  evaluatePredictions, fitTemperature, gradCam, modelSummary, mostWrong, occlusionMap, overlayHeat, precisionRecallCurve,
  predictionsCsv, predictionsTable, rocAuc, rocCurve, summaryTable, testTimeAugmentation, warmup, withTemperature,
} from './evaluation/index.js';
export type {
  Calibration, ClassActivationMapOptions, ClassificationReportOptions, ClassScores, ConfidenceInterval, ConfidenceIntervalOptions, ConfusedPair,
  ConfusionTableOptions, CrossValidateMultiLabelOptions, CrossValidateOptions, CrossValidation, EnsembleOptions, EvaluateMultiLabelOptions, EvaluateOptions, EvaluatePredictionsMultiLabelOptions, EvaluatePredictionsOptions, Evaluation, EvaluationBatch, EvaluationComparison, EvaluationData,
  EvaluationOptions, Fold, GradCamOptions, HeatMap, IntervalMetric, LabelSetPredictions, ModelSummary, ModelSummaryOptions, MultiLabelEvaluation, MultiLabelEvaluationOptions,
  OcclusionMapOptions, OverlayHeatOptions, PrecisionRecallCurve, PredictionRow, Predictions, PredictedValues, Predictor, RankingScores, ReliabilityBin, RocCurve, Rows,
  Scores, StageSummary, TestTimeAugmentationOptions, WarmupOptions,
} from './evaluation/index.js';

export { ensureBackend, probeBackend, selectBackend, trackMemory } from './backends/index.js';
export type {
  BackendAttempt,
  BackendLoader,
  BackendPreference,
  BackendReport,
  Device,
  EnsureBackendOptions,
  KeptTensor,
  MemoryReport,
  ProbeBackendOptions,
  ProbeReport,
  SelectBackendOptions,
  TensorMemory,
} from './backends/index.js';
export {
  batchNormalization, convNormAct, depthwiseNormAct, dropout, fusedMBConv, head, mbConv, squeezeExcite, stage, stem, stochasticDepth, varianceScaling,
} from './layers/index.js';
export type {
  ActivationPartSpec, AttentionPartSpec, BatchNormalizationOptions, BlockParts, BuildOptions, ConvNormActSpec, DepthwiseNormActSpec, DropoutOptions, HeadOptions, HeadSpec,
  MBConvParts, NormActParts, NormalizationPartSpec, SqueezeExciteSpec, StemSpec, VarianceScalingOptions,
} from './layers/index.js';
export {
  classNamesOf, efficientNet, featureExtractor, foldBatchNorm, loadModel, planOf, replaceHead, saveModel, setClassNames, setPreprocessing,
} from './models/index.js';
export type { EfficientNetOptions, LoadModelOptions, ReplaceHeadOptions, SaveModelOptions } from './models/index.js';
export { freeze, trainHead, unfreeze } from './training/index.js';
export type { FeatureRuntime, LayerSelector, TrainedHead, TrainHeadOptions } from './training/index.js';
export { classify, classifyMany } from './evaluation/index.js';
export type { Classification, ClassifyManyOptions, ClassifyOptions } from './evaluation/index.js';
export {
  accuracy, adam, adamW, auc, binaryCrossEntropy, callback, constantRate, dropRateSchedule, earlyStopping, ema, exponentialDecay, f1, fineTune, focalLoss, freezeExceptBatchNorm,
  freezeUpTo, inferenceMode, learningRateOf,
  learningRateSchedule, NamedOptimizer, oneCycle, perEpoch, polynomialDecay, precision, recall, reduceOnPlateau, rmsProp, rmsPropTF, setLearningRate,
  sgd, softmaxCrossEntropy, stepDecay, terminateOnNaN, topK, trainableSummary, TrainingCallback, trainingProgress,
  unfreezeExceptBatchNorm, warmupCosine, withWarmup,
} from './training/index.js';
export type {
  AdamOptions, CallbackHooks, CallbackState, CheckpointStore, CrossEntropyOptions, DecisionOptions, DropRateScheduleOptions, EarlyStoppingOptions, Ema, EmaOptions, EpochMetrics, ExponentialDecayOptions,
  FineTuneOptions, FineTuneStage, FocalLossOptions, LearningRateScheduleOptions, Loss, Metric, MetricValues, MonitorOptions, NamedOptimizerOptions, NamedTensor, OneCycleOptions, OptimizerOptions, PolynomialDecayOptions,
  ReduceOnPlateauOptions, RmsPropOptions, RmsPropTFOptions, Schedule, SgdOptions, StepDecayOptions, StepLog, TrainableRow, TrainableSummary, TrainingBatch,
  Update, UpdateRule, WarmupCosineOptions,
} from './training/index.js';
