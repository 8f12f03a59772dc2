// Options of trainHead.

import type { ProgressListener } from '../core/index.js';
import type { ImageBatch } from '../data/index.js';
import type { PreprocessingSource } from '../image/index.js';
import type { TrainingCallback } from './callback.js';
import type { EpochMetrics } from './epochMetrics.js';
import type { FeatureStore } from './featureStore.js';
import type { FeatureRuntime } from './frozenPart.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import type { TrainingWorkers } from './replicas.js';

/** Options of {@link trainHead}. */
export interface TrainHeadOptions {
  /** Training batches. They are read once, or once per epoch without cached features, and disposed. */
  readonly train: AsyncIterable<ImageBatch>;
  /**
   * Validation batches. They are read once and disposed, and their features are evaluated after every epoch.
   * @defaultValue no validation
   */
  readonly validation?: AsyncIterable<ImageBatch> | undefined;
  /** Class names in the order of the labels. The model stores them. */
  readonly classNames: readonly string[];
  /**
   * The preprocessing of the images, or something that has one. The model stores it, and `classify` uses it.
   * @defaultValue that of `validation`, otherwise that of `train`
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** Number of epochs. @defaultValue 30 */
  readonly epochs?: number | undefined;
  /** Number of images per training step. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** Initial learning rate of Adam. It decreases to 0 along a cosine. @defaultValue 0.002 */
  readonly learningRate?: number | undefined;
  /** Creates the optimizer, which has its own learning rate. Cannot be combined with `learningRate`. @defaultValue () => adam() */
  readonly optimizer?: (() => NamedOptimizer) | undefined;
  /**
   * Whether to center the features and scale them to a variance of 1 during training, so that one learning rate and one penalty suit every
   * backbone. The returned model takes the features themselves.
   * @defaultValue true
   */
  readonly normalizeFeatures?: boolean | undefined;
  /**
   * Factor of the L2 penalty on the kernels of the head, at least 0. `'auto'` chooses it by cross-validation on the training features, and
   * cannot be combined with `hidden`. The reported loss includes the penalty.
   * @defaultValue 0.002
   */
  readonly l2?: number | 'auto' | undefined;
  /**
   * Fraction of each label that is spread evenly across all classes, in [0, 1). It makes probabilities less confident than they should be.
   * @defaultValue 0
   */
  readonly labelSmoothing?: number | undefined;
  /**
   * Whether to fit the temperature on `validation` after the last epoch, and to divide the logits by it. Probabilities then match the
   * accuracy. The most probable class remains the same. Requires `validation` and `classifierActivation: 'softmax'`.
   * @defaultValue false
   */
  readonly calibrate?: boolean | undefined;
  /** `'softmax'` for mutually exclusive classes, `'sigmoid'` for labels that do not exclude each other. @defaultValue 'softmax' */
  readonly classifierActivation?: 'softmax' | 'sigmoid' | undefined;
  /** Pooling of the features. @defaultValue 'avg' */
  readonly pooling?: 'avg' | 'max' | undefined;
  /** Dropout rate before the classifier, in [0, 1). @defaultValue 0 */
  readonly dropoutRate?: number | undefined;
  /** Numbers of units of hidden dense layers before the classifier. @defaultValue no hidden layers */
  readonly hidden?: readonly number[] | undefined;
  /**
   * Computes the backbone's features with another runtime: `createRuntime` of `effnet-ts/onnx`, or
   * `(features) => createRuntime(features, { threads: 2 })`.
   * @defaultValue TensorFlow.js
   */
  readonly runtime?: FeatureRuntime | undefined;
  /**
   * Threads that share the computation of the features: `trainingWorkers()` of `effnet-ts/node`. Requires the wasm backend, and layers of
   * this library or TensorFlow.js. Cannot be combined with `runtime`.
   * @defaultValue none
   */
  readonly workers?: TrainingWorkers | undefined;
  /**
   * Whether to compute the features once and cache them. `false` computes them in every epoch, which takes longer but is necessary for
   * augmentation to have an effect.
   * @defaultValue true, unless `train` is a Dataset of augmented images
   */
  readonly cacheFeatures?: boolean | undefined;
  /**
   * Stores the features: `featureFolder` of `effnet-ts/node`, or `featureDatabase` in browsers. A run that was interrupted, and one with
   * other options, then computes only the features that are missing. Changed images and networks are noticed. Cannot be combined with
   * `cacheFeatures: false`.
   * @defaultValue none: features are in memory only
   */
  readonly featureStore?: FeatureStore | undefined;
  /** Seed of the initial weights, of dropout and of the order of the images. @defaultValue random */
  readonly seed?: number | undefined;
  /** Called with the metrics of every epoch. */
  readonly onEpoch?: ((metrics: EpochMetrics) => void) | undefined;
  /**
   * Callbacks such as `csvLog` and `earlyStopping`. They receive a model that consists of the head only, whose input is features.
   * @defaultValue none
   */
  readonly callbacks?: readonly TrainingCallback[] | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between batches. The backbone remains unchanged. */
  readonly signal?: AbortSignal | undefined;
}
