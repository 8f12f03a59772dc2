// Metrics while training, as counts that add up over batches: an epoch's figure is exact, not a mean of batches' figures.

import * as tf from '@tensorflow/tfjs-core';
import { check, checkOptions, either, oneOf, positiveInteger, probability, resultRule } from '../core/internal.js';
import { oneHot, targetsLike } from './targets.js';

/**
 * A metric. Called by TensorFlow.js (`compile({ metrics })`) it gives the batch's figure, which TensorFlow.js averages over batches;
 * `fineTune` adds the counts up instead.
 */
export interface Metric {
  (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor;
  readonly name: string;
  /** What a batch adds, `[n]`. */
  readonly counts: (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor1D;
  /** How many classes the model needs at least. @defaultValue 1 */
  readonly leastClasses?: number | undefined;
  /** The figure of the counts added up, a scalar. */
  readonly result: (counts: tf.Tensor1D) => tf.Tensor;
}

/** Options of {@link precision}, {@link recall} and {@link f1}. */
export interface DecisionOptions {
  /**
   * A target at or below it is a no; `'argmax'` says yes to the likeliest class alone, which is 0.5 for a model with one target.
   * @defaultValue 0.5
   */
  readonly threshold?: number | 'argmax' | undefined;
  /** All targets' decisions in one count, or the plain mean over the targets' figures. @defaultValue 'micro' */
  readonly average?: 'micro' | 'macro' | undefined;
}

/**
 * Share of samples whose likeliest class is the right one; with one target, of those on its right side of 0.5.
 *
 * @example
 * model.compile({ optimizer: adam(), loss: softmaxCrossEntropy(), metrics: [accuracy()] });
 */
export function accuracy(): Metric {
  return metric(
    'accuracy',
    (targets, predictions) => {
      if (predictions.shape[1] === 1) return hits(isRightSide(targets, predictions));
      return hits(tf.equal(tf.argMax(targets, -1), tf.argMax(predictions, -1)));
    },
    ratio,
  );
}

/**
 * Share of samples whose right class is among the k likeliest. A tie counts as a hit, as in Keras. For a model with one target, `topK(1)`
 * is {@link accuracy}. The share is 1 when k is the number of classes; `fineTune` refuses a k above it.
 *
 * @throws {OptionError} when k is no positive integer.
 * @example
 * model.compile({ optimizer: adam(), loss: softmaxCrossEntropy(), metrics: [topK(5)] });
 */
export function topK(k: number): Metric {
  check('topK', 'k', k, positiveInteger);
  const made = metric(
    `top${k}`,
    (targets, predictions) => {
      const classes = predictions.shape[1] as number;
      if (classes === 1) return hits(k === 1 ? isRightSide(targets, predictions) : tf.equal(predictions, predictions));
      const own = tf.sum(tf.mul(oneHot(tf.argMax(targets, -1), classes), predictions), -1, true);
      // A score that is not a number ranks before none.
      const ahead = tf.logicalNot(tf.lessEqual(predictions, own));
      return hits(tf.less(tf.sum(tf.cast(ahead, 'float32'), -1), Math.min(k, classes)));
    },
    ratio,
  );
  return Object.assign(made, { leastClasses: k });
}

/** Whether one target and its prediction lie on the same side of 0.5. */
function isRightSide(targets: tf.Tensor, predictions: tf.Tensor): tf.Tensor {
  return tf.equal(tf.greater(targets, 0.5), tf.greater(predictions, 0.5));
}

/** Share of the yeses that are right; 0 where there is none. @throws {OptionError} when an option is unknown or impossible. */
export function precision(options: DecisionOptions = {}): Metric {
  return decisions('precision', options, (right, wrong) => safeDiv(right, tf.add(right, wrong)));
}

/** Share of the positives that are found; 0 where there is none. @throws {OptionError} when an option is unknown or impossible. */
export function recall(options: DecisionOptions = {}): Metric {
  return decisions('recall', options, (right, _wrong, missed) => safeDiv(right, tf.add(right, missed)));
}

/**
 * Harmonic mean of precision and recall.
 *
 * @throws {OptionError} when an option is unknown or impossible.
 * @example
 * model.compile({ optimizer: adam(), loss: softmaxCrossEntropy(), metrics: [f1({ threshold: 'argmax', average: 'macro' })] });
 * @see `F1Score` in keras/src/metrics/f_score_metrics.py
 */
export function f1(options: DecisionOptions = {}): Metric {
  return decisions('f1', options, (right, wrong, missed) => safeDiv(tf.mul(right, 2), tf.addN([tf.mul(right, 2), wrong, missed])));
}

const THRESHOLDS = 200;

/**
 * Area under the ROC curve of all decisions together, from 200 thresholds, for probabilities in [0, 1].
 *
 * @example
 * model.compile({ optimizer: adam(), loss: binaryCrossEntropy(), metrics: [auc()] });
 * @see `AUC` in keras/src/metrics/confusion_metrics.py
 */
export function auc(): Metric {
  const inner = Array.from({ length: THRESHOLDS - 2 }, (_, i) => (i + 1) / (THRESHOLDS - 1));
  return metric(
    'auc',
    (targets, predictions) => {
      const thresholds = tf.tensor2d([-EDGE, ...inner, 1 + EDGE], [THRESHOLDS, 1]);
      const yes = tf.cast(tf.greater(tf.reshape(predictions, [1, -1]), thresholds), 'float32');
      const positive = tf.reshape(targets, [-1, 1]);
      const right = tf.matMul<tf.Tensor>(yes, positive);
      const wrong = tf.matMul<tf.Tensor>(yes, tf.sub(1, positive));
      return tf.reshape<tf.Rank.R1>(tf.concat([right, wrong]), [2 * THRESHOLDS]);
    },
    (counts) => {
      // At the first threshold everything is a yes, so its counts are the totals.
      const [right, wrong] = [tf.slice(counts, 0, THRESHOLDS), tf.slice(counts, THRESHOLDS)];
      const [found, alarms] = [right, wrong].map((part) => safeDiv(part, tf.slice(part, 0, 1))) as [tf.Tensor, tf.Tensor];
      const mean = tf.div(tf.add(tf.slice(found, 0, THRESHOLDS - 1), tf.slice(found, 1)), 2);
      return tf.sum(tf.mul(mean, tf.sub(tf.slice(alarms, 0, THRESHOLDS - 1), tf.slice(alarms, 1))));
    },
  );
}

const EDGE = 1e-7;

function decisions(
  name: string,
  options: DecisionOptions,
  figure: (right: tf.Tensor, wrong: tf.Tensor, missed: tf.Tensor) => tf.Tensor,
): Metric {
  const either01 = either(probability, oneOf('argmax'));
  const { threshold = 0.5, average = 'micro' } = checkOptions(name, options, { threshold: either01, average: oneOf('micro', 'macro') });
  return metric(
    name,
    (targets, predictions) => {
      const classes = predictions.shape[1] as number;
      const yes =
        threshold === 'argmax' && classes > 1
          ? oneHot(tf.argMax(predictions, -1), classes)
          : tf.cast(tf.greater(predictions, threshold === 'argmax' ? 0.5 : threshold), 'float32');
      const parts = [tf.mul(yes, targets), tf.mul(yes, tf.sub(1, targets)), tf.mul(tf.sub(1, yes), targets)];
      return tf.concat(parts.map((part) => tf.sum<tf.Tensor1D>(average === 'micro' ? tf.reshape(part, [-1, 1]) : part, 0)));
    },
    (counts) => {
      const [right, wrong, missed] = tf.split(counts, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.mean(figure(right, wrong, missed));
    },
  );
}

const hits = (right: tf.Tensor): tf.Tensor1D => tf.stack([tf.sum(tf.cast(right, 'float32')), tf.scalar(right.size)]) as tf.Tensor1D;
const ratio = (counts: tf.Tensor1D): tf.Tensor => safeDiv(tf.slice(counts, 0, 1), tf.slice(counts, 1, 1));
const safeDiv = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.divNoNan(a, b);

function metric(name: string, counts: Metric['counts'], result: Metric['result']): Metric {
  const counted: Metric['counts'] = (labels, predictions) =>
    tf.tidy(() => counts(targetsLike(name, labels, predictions, 'targets'), predictions));
  const call = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor => tf.tidy(() => result(counted(labels, predictions)));
  Object.defineProperty(call, 'name', { value: name });
  return Object.assign(call, { counts: counted, result: (sums: tf.Tensor1D) => tf.tidy(() => result(sums)) });
}

/** Whether a function is a metric of this file. */
export const isMetric = resultRule<Metric>(
  'a metric such as accuracy()',
  (value) => typeof value === 'function' && 'counts' in value && 'result' in value,
);
