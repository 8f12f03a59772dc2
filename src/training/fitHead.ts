// The training loop of trainHead. Unlike trainStep.ts, it does not check features and labels again: extractFeatures.ts has checked them.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, deriveSeed, shuffled, trackProgress } from '../core/internal.js';
import { EffnetError, type ProgressListener } from '../core/index.js';
import type { TrainingCallback } from './callback.js';
import type { EpochMetrics, MetricValues } from './epochMetrics.js';
import type { Features } from './extractFeatures.js';
import { binaryCrossEntropy, softmaxCrossEntropy, type Loss } from './losses.js';
import { accuracy, type Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { adam } from './optimizers.js';
import { warmupCosine } from './schedules.js';
import { takeStep } from './takeStep.js';
import { addToTally, emptyTally, metricsOfTally, type Tally } from './tally.js';
import { placeText, type TrainingPlace } from './trainingPlace.js';

/** Options of {@link fitHead}. */
export interface FitHeadOptions {
  /** Returns the training features of an epoch. The features of the first epoch determine the number of steps per epoch. */
  readonly featuresOf: (epoch: number) => Features | Promise<Features>;
  readonly validation: Features | undefined;
  /** The activation that turns logits into probabilities. */
  readonly activation: 'softmax' | 'sigmoid';
  readonly epochs: number;
  readonly batchSize: number;
  /** The rate of Adam at the start. It falls to 0 along a cosine. */
  readonly learningRate: number;
  /** Another optimizer than Adam, with a learning rate of its own. It is disposed at the end. */
  readonly optimizer: NamedOptimizer | undefined;
  /** Factor of the L2 penalty on the kernels. */
  readonly l2: number;
  readonly labelSmoothing: number;
  readonly seed: number;
  readonly callbacks: readonly TrainingCallback[];
  readonly onEpoch: ((metrics: EpochMetrics) => void) | undefined;
  readonly onProgress: ProgressListener | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Trains a classifier that maps features `[batch, features]` to logits `[batch, classes]`, and returns the metrics of every epoch. */
export async function fitHead(classifier: tfl.LayersModel, options: FitHeadOptions): Promise<readonly EpochMetrics[]> {
  const { featuresOf, validation, epochs, batchSize, callbacks, signal } = options;
  const first = await featuresOf(0);
  const steps = Math.ceil(first.count / batchSize);
  const optimizer = options.optimizer ?? cosineAdam(options.learningRate, epochs * steps);
  const objective = objectiveOf(options);
  classifier.compile({ optimizer, loss: objective.loss });
  const context: FitContext = {
    classifier,
    optimizer,
    objective,
    l2: options.l2,
    kernels: classifier.trainableWeights.filter(({ shape }) => shape.length === 2).map((weight) => weight.read() as tf.Variable),
    variables: classifier.trainableWeights.map((weight) => weight.read() as tf.Variable),
  };
  const report = trackProgress(options.onProgress, 'training the head', 'steps', epochs * steps);
  const history: EpochMetrics[] = [];
  try {
    for (const each of callbacks) {
      each.setParams({ epochs, steps });
      each.setModel(classifier);
    }
    classifier.stopTraining = false;
    for (const each of callbacks) await each.onTrainBegin();
    for (let epoch = 0; epoch < epochs && !isStopped(classifier); epoch++) {
      const train = epoch === 0 ? first : await featuresOf(epoch);
      const rows = Array.from({ length: train.count }, (_, i) => i);
      const order = shuffled(rows, createRandom(deriveSeed(options.seed, 'order', epoch)));
      for (const each of callbacks) await each.onEpochBegin(epoch);
      const tally = emptyTally(objective.metrics);
      let learningRate = optimizer.currentRate;
      for (let step = 0; step < steps; step++) {
        signal?.throwIfAborted();
        for (const each of callbacks) await each.onBatchBegin(step);
        learningRate = optimizer.currentRate;
        const batch = train.take(order.slice(step * batchSize, (step + 1) * batchSize));
        const loss = await takeHeadStep(context, batch, tally, { where: 'trainHead', step, epoch });
        for (const each of callbacks) await each.onBatchEnd(step, { loss });
        report(epoch * steps + step + 1);
      }
      const metrics = {
        loss: NaN,
        ...(await metricsOfTally(tally, objective.metrics)),
        ...(await validate(context, validation, epoch)),
        learningRate,
      };
      for (const each of callbacks) await each.onEpochEnd(epoch, metrics);
      const record: EpochMetrics = { epoch, stage: 0, ...metrics };
      history.push(record);
      options.onEpoch?.(record);
    }
    for (const each of callbacks) await each.onTrainEnd();
    return history;
  } finally {
    optimizer.dispose();
  }
}

function cosineAdam(maxLearningRate: number, totalSteps: number): NamedOptimizer {
  return adam({ learningRate: warmupCosine({ maxLearningRate, warmupSteps: 0, totalSteps }) });
}

// Reads what callbacks may have set. TypeScript would assume the value that was assigned above.
const isStopped = (model: tfl.LayersModel): boolean => model.stopTraining;

/** The loss to minimize and the metrics to report, all computed from logits. */
interface Objective {
  readonly loss: Loss;
  /** The loss without label smoothing. */
  readonly validationLoss: Loss;
  readonly metrics: readonly [Metric];
  /** Returns the counts of a batch for the metric. */
  readonly counts: Metric['counts'];
}

function objectiveOf({ activation, labelSmoothing }: Pick<FitHeadOptions, 'activation' | 'labelSmoothing'>): Objective {
  const crossEntropy = activation === 'softmax' ? softmaxCrossEntropy : binaryCrossEntropy;
  const metric = accuracy();
  return {
    loss: crossEntropy({ fromLogits: true, labelSmoothing }),
    validationLoss: crossEntropy({ fromLogits: true }),
    metrics: [metric],
    // Labels that do not exclude each other are independent decisions, so each counts as a sample with one target.
    counts:
      activation === 'softmax'
        ? metric.counts
        : (y, logits) => tf.tidy(() => metric.counts(tf.reshape(y, [-1, 1]), tf.reshape(tf.sigmoid(logits), [-1, 1]))),
  };
}

interface FitContext {
  readonly classifier: tfl.LayersModel;
  readonly optimizer: NamedOptimizer;
  readonly objective: Objective;
  readonly l2: number;
  readonly kernels: readonly tf.Variable[];
  readonly variables: tf.Variable[];
}

/** Trains the classifier on a batch, adds the batch to the tally, and returns its loss. Disposes the batch. */
async function takeHeadStep(
  { classifier, optimizer, objective, l2, kernels, variables }: FitContext,
  [x, y]: [tf.Tensor2D, tf.Tensor2D],
  tally: Tally,
  place: TrainingPlace,
): Promise<number> {
  try {
    optimizer.place = place;
    const predict = (): tf.Tensor => classifier.apply(x, { training: true }) as tf.Tensor;
    const lossOf = (logits: tf.Tensor): tf.Scalar => {
      const penalties = l2 === 0 ? [] : kernels.map((kernel) => tf.mul(tf.sum(tf.square(kernel)), l2));
      return tf.addN([tf.mean(objective.loss(y, logits)), ...penalties]) as tf.Scalar;
    };
    const onTaken = (logits: tf.Tensor, loss: number): Promise<void> => addToTally(tally, [objective.counts], y, logits, loss);
    return await takeStep({ where: place.where, place: placeText(place), kept: KEPT, optimizer, variables, predict, lossOf, onTaken });
  } finally {
    tf.dispose([x, y]);
  }
}

async function validate({ classifier, objective }: FitContext, features: Features | undefined, epoch: number): Promise<MetricValues> {
  if (features === undefined) return {};
  const [x, y] = features.take();
  const logits = classifier.predict(x) as tf.Tensor;
  const cost = tf.tidy(() => tf.mean(objective.validationLoss(y, logits)));
  try {
    const [loss = NaN] = await cost.data();
    if (!Number.isFinite(loss)) {
      throw new EffnetError(
        `trainHead: expected a finite validation loss after the last step of epoch ${epoch}, received ${loss}. ` +
          `${KEPT} Lower the learning rate.`,
      );
    }
    const tally = emptyTally(objective.metrics);
    await addToTally(tally, [objective.counts], y, logits, loss);
    return await metricsOfTally(tally, objective.metrics, 'val_');
  } finally {
    tf.dispose([x, y, logits, cost]);
  }
}

const KEPT = 'The backbone remains unchanged.';
