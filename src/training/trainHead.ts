// The quick way to a classifier: features of a frozen backbone, computed once where the pictures permit, and a head trained on them.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  arrayOf, boolean, callable, check, checkOptions, createRandom, deriveSeed, EffnetError, instanceOf, invalid, oneOf, positive, positiveInteger, rate, rule,
  seed as seedRule, shuffled, text, trackProgress, type ProgressListener,
} from '../core/index.js';
import { Dataset, type ImageBatch } from '../data/index.js';
import { head, type HeadSpec } from '../layers/index.js';
import { checkFiniteWeights, replaceHead, setPreprocessing } from '../models/index.js';
import { takeStep } from './attempt.js';
import { allLayers } from './freeze.js';
import { openExtractor, type FeatureExtractor, type FeatureRuntime, type Features } from './extractFeatures.js';
import { adam } from './optimizers.js';
import { warmupCosine } from './schedules.js';
import { trainingPreprocessing } from './trainingPreprocessing.js';

/** Options of {@link trainHead}. */
export interface TrainHeadOptions {
  /** Batches to learn from; read once, or once an epoch without cached features. Both tensors of each are disposed. */
  readonly train: AsyncIterable<ImageBatch>;
  /** Batches to measure on after every epoch; read once. @defaultValue none */
  readonly validation?: AsyncIterable<ImageBatch> | undefined;
  /** Names of the classes in the order of the labels; the model keeps them. */
  readonly classNames: readonly string[];
  /** Passes over the features. @defaultValue 20 */
  readonly epochs?: number | undefined;
  /** Features in a step. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** Adam's rate at the start; it falls to 0 along a cosine. @defaultValue 0.001 */
  readonly learningRate?: number | undefined;
  /** Share of each label spread over all classes, in [0, 1). @defaultValue 0.1 */
  readonly labelSmoothing?: number | undefined;
  /** `sigmoid` for labels that do not exclude each other. @defaultValue 'softmax' */
  readonly activation?: 'softmax' | 'sigmoid' | undefined;
  /** @defaultValue 'avg' */
  readonly pooling?: 'avg' | 'max' | undefined;
  /** Dropout before the classifier, in [0, 1). @defaultValue 0.2 */
  readonly dropoutRate?: number | undefined;
  /** Units of fully connected layers before the classifier. @defaultValue none */
  readonly hidden?: readonly number[] | undefined;
  /**
   * Where the backbone's features are computed: `createRuntime` of `effnet-ts/onnx`, or `(features) => createRuntime(features, { threads: 2 })`.
   * @defaultValue TensorFlow.js
   */
  readonly runtime?: FeatureRuntime | undefined;
  /**
   * Whether features are computed once and kept. `false` computes them anew every epoch, which takes as many times as long and lets augmentation act.
   * @defaultValue true, unless `train` is a Dataset of augmented pictures
   */
  readonly cacheFeatures?: boolean | undefined;
  /** Decides initial weights, dropout and order. @defaultValue unpredictable */
  readonly seed?: number | undefined;
  /** Called after every epoch. */
  readonly onEpoch?: ((epoch: HeadEpoch) => void) | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between batches; the backbone stays as it was. */
  readonly signal?: AbortSignal | undefined;
}

/** What an epoch came to. */
export interface HeadEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the steps, dropout and label smoothing included. */
  readonly loss: number;
  /** Share of right answers in training, with dropout. */
  readonly accuracy: number;
  /** On the validation features, without either; `undefined` when there are none. */
  readonly validationLoss?: number | undefined;
  readonly validationAccuracy?: number | undefined;
}

/** A model with its new head, and how the head was learned. */
export interface TrainedHead {
  /** The backbone with the trained head, the backbone still frozen: {@link unfreeze} lets it train. The caller disposes the model. */
  readonly model: tfl.LayersModel;
  readonly history: readonly HeadEpoch[];
}

const batches = rule<AsyncIterable<ImageBatch>>(
  'batches of { xs, ys }, such as imageBatches() makes',
  (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
);

/**
 * Trains a new head on the features of a frozen backbone, and joins both into one model.
 *
 * Features are computed once and kept, which is why this takes seconds an epoch less than any loop through the network; augmented pictures
 * differ every epoch, and so do their features. Takes the backbone over: its old head is disposed once the new one is
 * trained, and the caller disposes only the result. How the images were made, where the data tells, is stored in the model, and `classify` follows it. The backbone stays frozen in the result: `unfreeze` it before training more of it. `fineTune`
 * does so itself.
 *
 * @param backbone - A network of this library, with or without top.
 * @throws {OptionError} when an option is unknown or impossible, or labels do not match `classNames`.
 * @throws {ShapeError} when the images do not have the size of the model's input.
 * @throws {DataError} when there are no batches; naming epoch and step, when labels are out of range or pixels are not finite.
 * @throws {EffnetError} naming epoch and step, when a step of training is not finite. The backbone stays as it was.
 * @example
 * const { classNames, train, validation } = await imageFolder('photos', { inputSize: 224, validationSplit: 0.2 });
 * const { model } = await trainHead(backbone, {
 *   classNames, train: imageBatches(train.images), validation: imageBatches(validation.images), seed: 1,
 *   onEpoch: ({ epoch, validationAccuracy }) => console.log(epoch, validationAccuracy),
 * });
 */
export async function trainHead(backbone: tfl.LayersModel, options: TrainHeadOptions): Promise<TrainedHead> {
  checkOptions('trainHead', options, {
    train: batches, validation: batches, classNames: arrayOf(text), epochs: positiveInteger, batchSize: positiveInteger, learningRate: positive,
    labelSmoothing: rate, activation: oneOf('softmax', 'sigmoid'), pooling: oneOf('avg', 'max'), dropoutRate: rate,
    hidden: arrayOf(positiveInteger), seed: seedRule, onEpoch: callable, onProgress: callable, signal: instanceOf(AbortSignal, 'an AbortSignal'), runtime: callable,
    cacheFeatures: boolean,
  });
  check('trainHead', 'train', options.train, batches);
  check('trainHead', 'classNames', options.classNames, arrayOf(text));
  const { classNames, activation = 'softmax', seed = Math.floor(Math.random() * 2 ** 31), dropoutRate = 0.2, pooling, hidden = [] } = options;
  if (classNames.length < 2) throw invalid('trainHead', 'classNames', 'at least two names', classNames);
  const cacheFeatures = options.cacheFeatures ?? !(options.train instanceof Dataset && options.train.varies);
  if (!cacheFeatures && !(options.train instanceof Dataset)) {
    throw invalid('trainHead', 'train', 'a Dataset, which can be read every epoch, with `cacheFeatures: false`', options.train, 'Make one: `Dataset.from(...)`.');
  }
  const spec: HeadSpec = { classes: classNames.length, activation, dropoutRate, hidden, ...(pooling === undefined ? {} : { pooling }) };

  const preprocessing = trainingPreprocessing('trainHead', backbone, options.train, options.validation);
  await checkFiniteWeights('trainHead', backbone, 'Load them again before training.');
  const extractor = await openExtractor(backbone, {
    count: classNames.length, exclusive: activation === 'softmax', pooling, onProgress: options.onProgress, signal: options.signal, runtime: options.runtime,
  });
  let classifier: tfl.LayersModel | undefined;
  try {
    const train = await extractor.extract(options.train, 'training features', 1);
    const validation = options.validation === undefined ? undefined : await extractor.extract(options.validation, 'validation features', 1);
    const input = tfl.input({ shape: [train.width] });
    classifier = tfl.model({ inputs: input, outputs: head(input, { ...spec, activation: 'linear' }, { seed }) });
    // From zero this is logistic regression; the reference's wide initial weights drown a few hundred pictures in noise.
    const last = classifier.getLayer('predictions');
    tf.tidy(() => { last.setWeights(last.getWeights().map((weight) => tf.zerosLike(weight))); });
    const history = await fitHead(classifier, train, validation, { ...options, activation, seed, again: cacheFeatures ? undefined : extractor });
    const model = replaceHead(backbone, { ...spec, classNames, seed });
    // What stays trainable is what was trained, so that summaries say so.
    for (const layer of allLayers(model)) layer.trainable = false;
    for (const { name, weights } of classifier.layers) {
      if (weights.length === 0) continue;
      const own = model.getLayer(name);
      own.trainable = true;
      own.setWeights(weights.map((weight) => weight.read()));
    }
    if (preprocessing !== undefined) setPreprocessing(model, preprocessing);
    return { model, history };
  } finally {
    classifier?.dispose();
    await extractor.dispose();
  }
}

interface FitSettings extends TrainHeadOptions {
  readonly seed: number;
  readonly activation: 'softmax' | 'sigmoid';
  /** Computes the features of later epochs, where they are not kept. */
  readonly again: FeatureExtractor | undefined;
}

async function fitHead(classifier: tfl.LayersModel, first: Features, validation: Features | undefined, settings: FitSettings): Promise<HeadEpoch[]> {
  const { epochs = 20, batchSize = 32, learningRate = 0.001, labelSmoothing = 0.1, activation, seed, signal } = settings;
  const steps = Math.ceil(first.count / batchSize);
  const schedule = warmupCosine({ maxLearningRate: learningRate, warmupSteps: 0, totalSteps: epochs * steps });
  const optimizer = adam({ learningRate: schedule });
  const variables = classifier.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const report = trackProgress(settings.onProgress, 'training the head', 'steps', epochs * steps);
  const history: HeadEpoch[] = [];
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const train = epoch === 0 || settings.again === undefined ? first : await settings.again.extract(settings.train, 'training features', epoch + 1);
      const order = shuffled(Array.from({ length: train.count }, (_, i) => i), createRandom(deriveSeed(seed, 'order', epoch)));
      let loss = 0;
      let right = 0;
      for (let step = 0; step < steps; step++) {
        signal?.throwIfAborted();
        const done = epoch * steps + step;
        const rows = order.slice(step * batchSize, (step + 1) * batchSize);
        const [x, y] = train.take(rows);
        let logits: tf.Tensor | undefined;
        try {
          const attempt = optimizer.attempt(() => {
            logits = tf.keep(classifier.apply(x, { training: true }) as tf.Tensor);
            return crossEntropy(y, logits, activation, labelSmoothing);
          }, variables);
          loss += (await takeStep('trainHead', attempt, `step ${step} of epoch ${epoch + 1}`, 'The backbone stays as it was.')) * rows.length;
          right += await countRight(y, logits as unknown as tf.Tensor, activation);
        } finally {
          tf.dispose([x, y, ...(logits === undefined ? [] : [logits])]);
        }
        report(done + 1);
      }
      const record = { epoch: epoch + 1, loss: loss / train.count, accuracy: right / train.count, ...(await measure(classifier, validation, activation, epoch + 1)) };
      history.push(record);
      settings.onEpoch?.(record);
    }
    return history;
  } finally {
    optimizer.dispose();
  }
}

async function measure(
  classifier: tfl.LayersModel,
  features: Features | undefined,
  activation: 'softmax' | 'sigmoid',
  epoch: number,
): Promise<Pick<HeadEpoch, 'validationLoss' | 'validationAccuracy'>> {
  if (features === undefined) return {};
  const [x, y] = features.take();
  const logits = classifier.predict(x) as tf.Tensor;
  const loss = tf.tidy(() => crossEntropy(y, logits, activation, 0));
  const [validationLoss = NaN] = await loss.data();
  const right = await countRight(y, logits, activation);
  tf.dispose([x, y, logits, loss]);
  if (!Number.isFinite(validationLoss)) {
    throw new EffnetError(`trainHead: expected a finite validation loss after the last step of epoch ${epoch}, received ${validationLoss}. The backbone stays as it was. Lower the learning rate.`);
  }
  return { validationLoss, validationAccuracy: right / features.count };
}

function crossEntropy(y: tf.Tensor, logits: tf.Tensor, activation: 'softmax' | 'sigmoid', labelSmoothing: number): tf.Scalar {
  return activation === 'softmax'
    ? tf.losses.softmaxCrossEntropy(y, logits, undefined, labelSmoothing)
    : tf.losses.sigmoidCrossEntropy(y, logits, undefined, labelSmoothing);
}

/** Samples whose first answer is right, or, where labels do not exclude each other, the mean share of right ones. */
async function countRight(y: tf.Tensor, logits: tf.Tensor, activation: 'softmax' | 'sigmoid'): Promise<number> {
  const right = tf.tidy(() =>
    activation === 'softmax'
      ? tf.sum(tf.cast(tf.equal(tf.argMax(logits, -1), tf.argMax(y, -1)), 'float32'))
      : tf.sum(tf.mean(tf.cast(tf.equal(tf.greater(logits, 0), tf.greater(y, 0.5)), 'float32'), -1)));
  const [count = 0] = await right.data();
  right.dispose();
  return count;
}
