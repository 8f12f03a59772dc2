// Trains a head on the features of a frozen backbone, the fastest way to a classifier. Features are computed only once if possible.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  anything,
  arrayOf,
  boolean,
  callable,
  check,
  checkOptions,
  differentTexts,
  either,
  invalid,
  nonNegative,
  oneOf,
  positive,
  positiveInteger,
  rate,
  rule,
  seed as seedRule,
  signal as signalRule,
} from '../core/internal.js';
import { anotherCopy } from '../backends/internal.js';
import { checkEnds, checkFirstBatch } from '../data/internal.js';
import { Dataset, type ImageBatch } from '../data/index.js';
import { head, type HeadSpec } from '../layers/index.js';
import { checkFiniteWeights, checkModel, layersOf } from '../models/internal.js';
import { replaceHead, setPreprocessing } from '../models/index.js';
import { batchesRemedy } from './batchesRemedy.js';
import { calibrateHead } from './calibrate.js';
import { checkCallbacks } from './callback.js';
import { checkWorkers, trainingThreads } from './checkWorkers.js';
import { chooseL2, DEFAULT_L2 } from './chooseL2.js';
import type { EpochMetrics } from './epochMetrics.js';
import { openExtractor } from './extractFeatures.js';
import { fitHead } from './fitHead.js';
import { featureStore } from './featureStore.js';
import { learnedPreprocessing, preprocessingSource } from './learnedPreprocessing.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import { normalizedFeatures } from './normalizedFeatures.js';
import type { TrainHeadOptions } from './trainHeadOptions.js';

/** The result of {@link trainHead}. */
export interface TrainedHead {
  /** The backbone with the trained head. The backbone is frozen; {@link unfreeze} makes it trainable. The caller must dispose the model. */
  readonly model: tfl.LayersModel;
  /** Metrics of every epoch, which `trainingChart` and `writeReport` accept. */
  readonly history: readonly EpochMetrics[];
  /** Factor of the L2 penalty: the given one, or the one that `'auto'` chose. */
  readonly l2: number;
  /**
   * The temperature that `calibrate` found, below 1 if the probabilities were too low. The model's weights include it. `undefined` without
   * `calibrate`, or if no temperature is best, for example when every validation image is classified correctly.
   */
  readonly temperature?: number | undefined;
}

const batches = rule<AsyncIterable<ImageBatch>>(
  'batches of { xs, ys }, such as imageBatches() returns',
  (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
);

/**
 * Trains a new head on the features of a frozen backbone, and returns a model of both.
 *
 * Features are computed once and cached, so each epoch takes seconds instead of minutes. Augmented images differ in every epoch, so their
 * features are computed in every epoch. The model stores the preprocessing of the images.
 *
 * The result contains the layers of the backbone, and the old head is disposed when training ends, so the caller must dispose only the
 * result. The backbone remains frozen: call `unfreeze` before training more of it. `fineTune` does so itself.
 *
 * @param backbone - A network of this library, with or without top. If an error is thrown, it remains unchanged.
 * @throws {OptionError} when an option is unknown or invalid, a dataset never ends, labels do not match `classNames`, an item is not a
 *   batch, the preprocessing is unknown, or `train` and `validation` are preprocessed differently.
 * @throws {ShapeError} when images do not have the input size of the backbone.
 * @throws {DataError} when there are no batches. Naming epoch and step: when labels are out of range, or pixels are not finite.
 * @throws {EffnetError} naming epoch and step, when a training step is not finite.
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
    // The data and callbacks are checked below, with advice about the usual mistakes.
    train: anything,
    validation: anything,
    classNames: differentTexts,
    preprocessing: preprocessingSource,
    epochs: positiveInteger,
    batchSize: positiveInteger,
    learningRate: positive,
    optimizer: callable,
    normalizeFeatures: boolean,
    l2: either(nonNegative, oneOf('auto')),
    labelSmoothing: rate,
    calibrate: boolean,
    classifierActivation: oneOf('softmax', 'sigmoid'),
    pooling: oneOf('avg', 'max'),
    dropoutRate: rate,
    hidden: arrayOf(positiveInteger),
    seed: seedRule,
    onEpoch: callable,
    callbacks: anything,
    onProgress: callable,
    signal: signalRule,
    runtime: callable,
    workers: trainingThreads,
    cacheFeatures: boolean,
    featureStore,
  });
  check(where, 'train', options.train, batches, batchesRemedy(options.train));
  if (options.validation !== undefined) check(where, 'validation', options.validation, batches, batchesRemedy(options.validation));
  checkCallbacks(where, options.callbacks);
  check(where, 'classNames', options.classNames, differentTexts);
  if (options.optimizer !== undefined && options.learningRate !== undefined)
    throw invalid(where, 'learningRate', 'nothing beside `optimizer`', options.learningRate, 'Give the rate to the optimizer.');
  const optimizer: unknown = options.optimizer?.();
  if (options.optimizer !== undefined && !(optimizer instanceof NamedOptimizer))
    throw invalid(where, 'optimizer', 'a function that returns an optimizer of this library, such as adam()', optimizer);
  if (options.workers !== undefined) {
    if (options.runtime !== undefined)
      throw invalid(where, 'workers', 'nothing beside `runtime`', options.workers, 'Leave one of them out.');
    checkWorkers(where, backbone);
  }
  const {
    classNames,
    classifierActivation = 'softmax',
    seed = Math.floor(Math.random() * 2 ** 31),
    dropoutRate = 0,
    pooling,
    hidden = [],
  } = options;
  if (options.calibrate === true && options.validation === undefined)
    throw invalid(where, 'calibrate', 'false without `validation`', true, 'Pass validation batches.');
  if (options.calibrate === true && classifierActivation !== 'softmax')
    throw invalid(where, 'calibrate', "false without `classifierActivation: 'softmax'`", true);
  if (options.l2 === 'auto' && hidden.length > 0)
    throw invalid(where, 'l2', 'a number with `hidden`', options.l2, 'Cross-validation chooses the penalty of a single dense layer.');
  if (classNames.length < 2) throw invalid(where, 'classNames', 'at least two names', classNames);
  const cacheFeatures = options.cacheFeatures ?? !(options.train instanceof Dataset && options.train.varies);
  if (!cacheFeatures && !(options.train instanceof Dataset)) {
    throw invalid(
      where,
      'train',
      'a Dataset, which can be read in every epoch, with `cacheFeatures: false`',
      options.train,
      'Create one: `Dataset.from(...)`.',
    );
  }
  if (options.featureStore !== undefined && !cacheFeatures) {
    const remedy = 'Augmented images have other features in every epoch, which are of no use later.';
    throw invalid(where, 'featureStore', 'nothing with features that are computed in every epoch', options.featureStore, remedy);
  }
  checkEnds(where, 'train', options.train);
  if (options.validation !== undefined) checkEnds(where, 'validation', options.validation);
  const preprocessing = learnedPreprocessing(where, backbone, options, options.preprocessing);
  const spec: HeadSpec = {
    classes: classNames.length,
    classifierActivation,
    dropoutRate,
    hidden,
    pooling,
  };

  await checkFiniteWeights(where, backbone, 'Load them again before training.');
  // Extracting the training features may take long, so errors in the validation data are found before.
  if (options.validation instanceof Dataset) await checkFirstBatch(where, 'validation', options.validation, backbone.inputs[0]?.shape);
  const extractor = await openExtractor(backbone, {
    count: classNames.length,
    exclusive: classifierActivation === 'softmax',
    pooling,
    onProgress: options.onProgress,
    signal: options.signal,
    runtime: options.runtime,
    workers: options.workers,
    store: options.featureStore,
  });
  let classifier: tfl.LayersModel | undefined;
  try {
    const train = await extractor.extract(options.train, 'train', 0);
    const validation = options.validation === undefined ? undefined : await extractor.extract(options.validation, 'validation', 0);
    const input = tfl.input({ shape: [train.width] });
    const normalized = options.normalizeFeatures === false ? undefined : normalizedFeatures(train);
    classifier = tfl.model({
      inputs: input,
      outputs: head(normalized?.apply(input) ?? input, { ...spec, classifierActivation: 'linear' }, { seed }),
    });
    // Starting from zero, this is logistic regression. The wide initial weights of the reference would add noise to a few hundred images.
    const last = classifier.getLayer('predictions');
    tf.tidy(() => {
      last.setWeights(last.getWeights().map((weight) => tf.zerosLike(weight)));
    });
    const { l2: given = DEFAULT_L2, labelSmoothing = 0, onProgress, signal } = options;
    const choosing = { activation: classifierActivation, labelSmoothing, seed, normalize: normalized?.normalize, onProgress, signal };
    const l2 = given === 'auto' ? await chooseL2(train, choosing) : given;
    const history = await fitHead(classifier, {
      featuresOf: (epoch) => (epoch === 0 || cacheFeatures ? train : extractor.extract(options.train, 'train', epoch)),
      validation,
      activation: classifierActivation,
      epochs: options.epochs ?? 30,
      batchSize: options.batchSize ?? 32,
      learningRate: options.learningRate ?? 0.002,
      optimizer: optimizer as NamedOptimizer | undefined,
      l2,
      labelSmoothing,
      seed,
      callbacks: options.callbacks ?? [],
      onEpoch: options.onEpoch,
      onProgress,
      signal,
    });
    const temperature = options.calibrate === true && validation !== undefined ? await calibrateHead(classifier, validation) : undefined;
    const model = replaceHead(backbone, { ...spec, classNames, seed });
    if (preprocessing !== undefined) setPreprocessing(model, preprocessing);
    // Summaries then show the trained head as trainable and the backbone as frozen.
    for (const layer of layersOf(model)) layer.trainable = false;
    const dense = classifier.layers.filter((layer) => layer.getClassName() === 'Dense');
    tf.tidy(() => {
      dense.forEach((layer, i) => {
        const own = model.getLayer(layer.name);
        own.trainable = true;
        const [kernel, bias] = layer.getWeights() as [tf.Tensor, tf.Tensor];
        own.setWeights(i === 0 && normalized !== undefined ? normalized.withoutNormalization(kernel, bias) : [kernel, bias]);
      });
    });
    return { model, history, l2, temperature };
  } finally {
    classifier?.dispose();
    await extractor.dispose();
  }
}
