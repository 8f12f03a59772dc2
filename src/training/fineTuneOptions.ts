// The options of fineTune. They are checked in checkFineTune.ts.

import type { ProgressListener } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { PreprocessingSource } from '../image/index.js';
import type { TrainingCallback } from './callback.js';
import type { LayerSelector } from './freeze.js';
import type { FeatureCacheStore } from './entryStore.js';
import type { FeatureRuntime } from './frozenPart.js';
import type { Loss } from './losses.js';
import type { Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import type { Schedule } from './schedule.js';
import type { TrainingWorkers } from './replicas.js';
import type { CheckpointStore } from './trainingRun.js';
import type { TrainingBatch } from './trainingBatch.js';

/** A stage of {@link fineTune}: which layers train, for how many epochs, at which learning rate, on which data. */
export interface FineTuneStage {
  /** Layers to train. All other layers are frozen. `'all'` trains every layer. */
  readonly unfreeze: LayerSelector | 'all';
  /** Number of epochs of this stage. */
  readonly epochs: number;
  /**
   * A constant learning rate, or a schedule of the updates of this stage. Each batch is an update, unless the optimizer has
   * `accumulationSteps`.
   * @defaultValue that of the optimizer
   */
  readonly learningRate?: number | Schedule | undefined;
  /** Whether the selected layers of BatchNormalization are trained. @defaultValue 'frozen' */
  readonly batchNorm?: 'frozen' | 'trained' | undefined;
  /** Training data of this stage, for example larger images. @defaultValue `train` of the run */
  readonly train?: Dataset<TrainingBatch> | undefined;
  /** Validation data of this stage. @defaultValue `validation` of the run */
  readonly validation?: Dataset<TrainingBatch> | undefined;
}

/** Options of {@link fineTune}. */
export interface FineTuneOptions {
  /** Training data. It is read again in every epoch. To resume a run exactly, pass a seed to `shuffle` and to all random transforms. */
  readonly train: Dataset<TrainingBatch>;
  /** Validation data, evaluated after every epoch. @defaultValue no validation */
  readonly validation?: Dataset<TrainingBatch> | undefined;
  readonly stages: readonly FineTuneStage[];
  /**
   * The preprocessing of the images, or something that has one. The model stores it, and `classify` uses it.
   * @defaultValue that of the validation data of each stage, otherwise that of its training data; the last stage determines what is stored
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** @defaultValue softmaxCrossEntropy() */
  readonly loss?: Loss | undefined;
  /** Metrics, computed exactly over each epoch instead of averaged over batches. @defaultValue [accuracy()] */
  readonly metrics?: readonly Metric[] | undefined;
  /**
   * Whether to fit the temperature on the validation data of the last stage when training ends, and to divide the model's logits by it.
   * Probabilities then match the accuracy. The most probable class remains the same. The last record of the history has the `temperature`,
   * unless no temperature is best, for example when every validation image is classified correctly. Checkpoints do not include it.
   * Requires validation data, and a model that ends in a dense layer with softmax.
   * @defaultValue false
   */
  readonly calibrate?: boolean | undefined;
  /**
   * Where the layers below the first one that trains run: `createRuntime` of `effnet-ts/onnx`, or
   * `(features) => createRuntime(features, { threads: 2 })`. ONNX Runtime computes them several times as fast.
   * @defaultValue TensorFlow.js
   */
  readonly runtime?: FeatureRuntime | undefined;
  /**
   * Threads that share every step, and the frozen layers without `runtime`: `trainingWorkers()` of `effnet-ts/node`. Requires the wasm
   * backend, and a loss and layers of this library or TensorFlow.js.
   * @defaultValue none
   */
  readonly workers?: TrainingWorkers | undefined;
  /**
   * Memory in bytes for the output of the layers below the first one that trains, which is kept for images that are the same in every
   * epoch. What does not fit goes to `featureCacheStore`, or is computed in each epoch without it. 0 keeps nothing in memory.
   * @defaultValue 1073741824, which is 1 GiB
   */
  readonly featureCacheBytes?: number | undefined;
  /**
   * Where to keep what exceeds `featureCacheBytes`: `featureCacheFolder(folder)` of `effnet-ts/node`. Its file belongs to this call and is
   * removed when the call ends.
   * @defaultValue nowhere
   */
  readonly featureCacheStore?: FeatureCacheStore | undefined;
  /**
   * Creates the optimizer of each stage. It is called once per stage before training begins, and must return a new optimizer each time.
   * Each stage starts without optimizer state, as with a newly compiled model.
   * @defaultValue () => adam()
   */
  readonly optimizer?: (() => NamedOptimizer) | undefined;
  /** Number of batches per epoch. @defaultValue all of `train` */
  readonly stepsPerEpoch?: number | undefined;
  /** Number of batches to validate on. @defaultValue all of `validation` */
  readonly validationSteps?: number | undefined;
  /** Number of epochs to skip, to continue another run without a `store`. @defaultValue 0 */
  readonly initialEpoch?: number | undefined;
  /** Weight of each class in the training loss, as the function `classWeights` computes it from labels. @defaultValue 1 for each class */
  readonly classWeights?: Readonly<Record<number, number>> | undefined;
  /** @defaultValue none */
  readonly callbacks?: readonly TrainingCallback[] | undefined;
  /** Where to save the run. An unfinished run of the same stages in the store is resumed. @defaultValue nowhere */
  readonly store?: CheckpointStore | undefined;
  /**
   * What to do if the training data has changed since the run in `store` began: more or fewer items, other items, or another order.
   * `'throw'` throws a {@link DataError}, `'accept'` continues with the current data.
   * @defaultValue 'throw'
   */
  readonly changedData?: 'throw' | 'accept' | undefined;
  /**
   * Number of steps between checkpoints within an epoch, in addition to those after each epoch and on abort.
   * @defaultValue none within an epoch
   */
  readonly checkpointEverySteps?: number | undefined;
  /** Receives the progress of each epoch, in steps. */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops training between steps. */
  readonly signal?: AbortSignal | undefined;
}

/** Returns the data of a stage: its own, otherwise that of the run. */
export function dataOf(stage: FineTuneStage, options: FineTuneOptions): Pick<FineTuneOptions, 'train' | 'validation'> {
  return { train: stage.train ?? options.train, validation: stage.validation ?? options.validation };
}
