// The quick way to a classifier: a head trained on the features of a frozen backbone, computed once where the images allow it.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  arrayOf,
  boolean,
  callable,
  check,
  checkOptions,
  differentTexts,
  instanceOf,
  invalid,
  oneOf,
  positive,
  positiveInteger,
  rate,
  rule,
  seed as seedRule,
} from '../core/internal.js';
import type { ProgressListener } from '../core/index.js';
import { anotherCopy } from '../backends/internal.js';
import { checkFirstBatch } from '../data/internal.js';
import { Dataset, type ImageBatch } from '../data/index.js';
import type { PreprocessingSource } from '../image/index.js';
import { head, type HeadSpec } from '../layers/index.js';
import { checkFiniteWeights, checkModel } from '../models/internal.js';
import { replaceHead, setPreprocessing } from '../models/index.js';
import { TrainingCallback } from './callback.js';
import type { EpochMetrics } from './epochMetrics.js';
import { allLayers } from './freeze.js';
import { openExtractor, type FeatureRuntime } from './extractFeatures.js';
import { fitHead } from './fitHead.js';
import { learnedPreprocessing, preprocessingSource } from './learnedPreprocessing.js';
import { NamedOptimizer } from './NamedOptimizer.js';

/** Options of {@link trainHead}. */
export interface TrainHeadOptions {
  /** Batches to learn from; read once, or once per epoch without cached features. Both tensors of each are disposed. */
  readonly train: AsyncIterable<ImageBatch>;
  /** Batches to measure on after every epoch; read once. @defaultValue none */
  readonly validation?: AsyncIterable<ImageBatch> | undefined;
  /** Names of the classes in the order of the labels; the model keeps them. */
  readonly classNames: readonly string[];
  /**
   * How the images were made, or what says it. The model keeps it, and `classify` follows it.
   * @defaultValue that of `validation`, or else of `train`
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** Passes over the features. @defaultValue 20 */
  readonly epochs?: number | undefined;
  /** Features per step. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** Adam's rate at the start; it falls to 0 along a cosine. @defaultValue 0.001 */
  readonly learningRate?: number | undefined;
  /** Makes the optimizer, which has its own learning rate. Cannot be combined with `learningRate`. @defaultValue () => adam() */
  readonly optimizer?: (() => NamedOptimizer) | undefined;
  /** Share of each label spread over all classes, in [0, 1). @defaultValue 0.1 */
  readonly labelSmoothing?: number | undefined;
  /** `sigmoid` for labels that do not exclude each other. @defaultValue 'softmax' */
  readonly classifierActivation?: 'softmax' | 'sigmoid' | undefined;
  /** @defaultValue 'avg' */
  readonly pooling?: 'avg' | 'max' | undefined;
  /** Dropout before the classifier, in [0, 1). @defaultValue 0.2 */
  readonly dropoutRate?: number | undefined;
  /** Units of fully connected layers before the classifier. @defaultValue none */
  readonly hidden?: readonly number[] | undefined;
  /**
   * Where the backbone's features are computed: `createRuntime` of `effnet-ts/onnx`, or
   * `(features) => createRuntime(features, { threads: 2 })`.
   * @defaultValue TensorFlow.js
   */
  readonly runtime?: FeatureRuntime | undefined;
  /**
   * Whether features are computed once and kept. `false` computes them again in every epoch, which takes as many times as long and lets
   * augmentation act.
   * @defaultValue true, unless `train` is a Dataset of augmented images
   */
  readonly cacheFeatures?: boolean | undefined;
  /** Decides initial weights, dropout and order. @defaultValue unpredictable */
  readonly seed?: number | undefined;
  /** Called after every epoch. */
  readonly onEpoch?: ((metrics: EpochMetrics) => void) | undefined;
  /** Callbacks such as `csvLog` and `earlyStopping`. The model they see is the head alone, whose input is features. @defaultValue none */
  readonly callbacks?: readonly TrainingCallback[] | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between batches; the backbone stays as it was. */
  readonly signal?: AbortSignal | undefined;
}

/** A model with its new head, and how the head was learned. */
export interface TrainedHead {
  /** The backbone with the trained head, the backbone still frozen: {@link unfreeze} lets it train. The caller disposes the model. */
  readonly model: tfl.LayersModel;
  /** One record per epoch, as `trainingChart` and `writeReport` take it. */
  readonly history: readonly EpochMetrics[];
}

const callbackRule = arrayOf(instanceOf(TrainingCallback, 'a callback of this library, such as callback() returns'));
const batches = rule<AsyncIterable<ImageBatch>>(
  'batches of { xs, ys }, such as imageBatches() returns',
  (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
);

/**
 * Trains a new head on the features of a frozen backbone, and joins both into one model.
 *
 * Features are computed once and cached, so each epoch takes seconds instead of minutes. Augmented images differ in every epoch, and so do
 * their features, which are then computed in every epoch. The result keeps the preprocessing of the images. Takes the backbone over: its
 * old head is disposed once the new one is trained, and the caller disposes only the result. The backbone stays frozen in the result:
 * `unfreeze` it before training more of it. `fineTune` does so itself.
 *
 * @param backbone - A network of this library, with or without top.
 * @throws {OptionError} when an option is unknown or impossible, labels do not match `classNames`, an item is not a batch, nothing says how
 *   the images
 * were made, or `train` and `validation` were made differently.
 * @throws {ShapeError} when the images do not have the size that the backbone takes. The backbone stays as it was.
 * @throws {DataError} when there are no batches; naming epoch and step, when labels are out of range or pixels are not finite.
 * @throws {EffnetError} naming epoch and step, when a step of training is not finite. The backbone stays as it was.
 * @example
 * const { classNames, train, validation } = await imageFolder('photos', { inputSize: 224, validationSplit: 0.2 });
 * const { model } = await trainHead(backbone, {
 *   classNames, train: imageBatches(train.images), validation: imageBatches(validation.images), seed: 1,
 *   onEpoch: ({ epoch, val_accuracy }) => console.log(epoch, val_accuracy),
 * });
 */
export async function trainHead(backbone: tfl.LayersModel, options: TrainHeadOptions): Promise<TrainedHead> {
  const where = 'trainHead';
  checkModel(where, backbone, 'backbone');
  if (!(backbone instanceof tfl.LayersModel)) throw anotherCopy(where, 'a model');
  checkOptions(where, options, {
    train: batches,
    validation: batches,
    classNames: differentTexts,
    preprocessing: preprocessingSource,
    epochs: positiveInteger,
    batchSize: positiveInteger,
    learningRate: positive,
    optimizer: callable,
    labelSmoothing: rate,
    classifierActivation: oneOf('softmax', 'sigmoid'),
    pooling: oneOf('avg', 'max'),
    dropoutRate: rate,
    hidden: arrayOf(positiveInteger),
    seed: seedRule,
    onEpoch: callable,
    callbacks: callbackRule,
    onProgress: callable,
    signal: instanceOf(AbortSignal, 'an AbortSignal'),
    runtime: callable,
    cacheFeatures: boolean,
  });
  check(where, 'train', options.train, batches);
  check(where, 'classNames', options.classNames, differentTexts);
  if (options.optimizer !== undefined && options.learningRate !== undefined)
    throw invalid(where, 'learningRate', 'nothing beside `optimizer`', options.learningRate, 'Give the rate to the optimizer.');
  const optimizer: unknown = options.optimizer?.();
  if (options.optimizer !== undefined && !(optimizer instanceof NamedOptimizer))
    throw invalid(where, 'optimizer', 'a function that returns an optimizer of this library, such as adam()', optimizer);
  const {
    classNames,
    classifierActivation = 'softmax',
    seed = Math.floor(Math.random() * 2 ** 31),
    dropoutRate = 0.2,
    pooling,
    hidden = [],
  } = options;
  if (classNames.length < 2) throw invalid(where, 'classNames', 'at least two names', classNames);
  const cacheFeatures = options.cacheFeatures ?? !(options.train instanceof Dataset && options.train.varies);
  if (!cacheFeatures && !(options.train instanceof Dataset)) {
    throw invalid(
      where,
      'train',
      'a Dataset, which can be read in every epoch, with `cacheFeatures: false`',
      options.train,
      'Make one: `Dataset.from(...)`.',
    );
  }
  const preprocessing = learnedPreprocessing(where, backbone, options, options.preprocessing);
  const spec: HeadSpec = {
    classes: classNames.length,
    classifierActivation,
    dropoutRate,
    hidden,
    ...(pooling === undefined ? {} : { pooling }),
  };

  await checkFiniteWeights(where, backbone, 'Load them again before training.');
  // The training data are read at once. What is wrong with the validation data would be found only after that.
  if (options.validation instanceof Dataset) await checkFirstBatch(where, 'validation', options.validation, backbone.inputs[0]?.shape);
  const extractor = await openExtractor(backbone, {
    count: classNames.length,
    exclusive: classifierActivation === 'softmax',
    pooling,
    onProgress: options.onProgress,
    signal: options.signal,
    runtime: options.runtime,
  });
  let classifier: tfl.LayersModel | undefined;
  try {
    const train = await extractor.extract(options.train, 'train', 0);
    const validation = options.validation === undefined ? undefined : await extractor.extract(options.validation, 'validation', 0);
    const input = tfl.input({ shape: [train.width] });
    classifier = tfl.model({ inputs: input, outputs: head(input, { ...spec, classifierActivation: 'linear' }, { seed }) });
    // From zero this is logistic regression; the reference's wide initial weights drown a few hundred images in noise.
    const last = classifier.getLayer('predictions');
    tf.tidy(() => {
      last.setWeights(last.getWeights().map((weight) => tf.zerosLike(weight)));
    });
    const history = await fitHead(classifier, {
      featuresOf: (epoch) => (epoch === 0 || cacheFeatures ? train : extractor.extract(options.train, 'train', epoch)),
      validation,
      activation: classifierActivation,
      epochs: options.epochs ?? 20,
      batchSize: options.batchSize ?? 32,
      learningRate: options.learningRate ?? 0.001,
      optimizer: optimizer as NamedOptimizer | undefined,
      labelSmoothing: options.labelSmoothing ?? 0.1,
      seed,
      callbacks: options.callbacks ?? [],
      onEpoch: options.onEpoch,
      onProgress: options.onProgress,
      signal: options.signal,
    });
    const model = replaceHead(backbone, { ...spec, classNames, seed });
    if (preprocessing !== undefined) setPreprocessing(model, preprocessing);
    // What stays trainable is what was trained, so that summaries say so.
    for (const layer of allLayers(model)) layer.trainable = false;
    for (const { name, weights } of classifier.layers) {
      if (weights.length === 0) continue;
      const own = model.getLayer(name);
      own.trainable = true;
      own.setWeights(weights.map((weight) => weight.read()));
    }
    return { model, history };
  } finally {
    classifier?.dispose();
    await extractor.dispose();
  }
}
