// Losses for model.compile and fineTune, one number a sample. Labels are class indices, one-hot, several-hot or soft.

import * as tf from '@tensorflow/tfjs-core';
import { boolean, checkOptions, nonNegative, oneOf, probability, rate } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import type { LabelMeaning } from './checkLabels.js';
import { targetsLike } from './targets.js';

/**
 * A loss: labels `[batch]` or `[batch, targets]` and predictions `[batch, targets]` to losses `[batch]`.
 *
 * Class indices work in `fitDataset`, `evaluateDataset` and `fineTune`; TensorFlow.js' `fit` takes vectors only.
 */
export type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** Options of {@link softmaxCrossEntropy} and {@link binaryCrossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of each label spread over all classes, in [0, 1). @defaultValue 0 */
  readonly labelSmoothing?: number | undefined;
  /** Whether the model ends without activation; exact for any size of logit. @defaultValue false */
  readonly fromLogits?: boolean | undefined;
}

/** What keeps logarithms finite; Keras' number. */
const EPSILON = 1e-7;
const RULES = { labelSmoothing: rate, fromLogits: boolean };

/**
 * Cross-entropy of classes that exclude each other.
 *
 * @throws {OptionError} when an option is unknown or impossible. The loss throws {ShapeError} when labels do not fit the predictions, and
 *   {DataError} when one is outside the classes.
 * @example
 * model.compile({ optimizer: adam(), loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }) });
 * @see `categorical_crossentropy` in keras/src/losses/losses.py
 */
export function softmaxCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { labelSmoothing = 0, fromLogits = false } = checkOptions('softmaxCrossEntropy', options, RULES);
  return named('softmaxCrossEntropy', 'classes', (labels, predictions) => {
    const targets = targetsLike('softmaxCrossEntropy', labels, predictions, 'classes');
    const classes = predictions.shape[1] as number;
    if (classes === 1)
      throw new ShapeError(
        'softmaxCrossEntropy: expected predictions of at least 2 classes, received one output, which has no loss. Use binaryCrossEntropy().',
      );
    const smooth = labelSmoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / classes);
    return tf.neg(tf.sum(tf.mul(smooth, logProbabilities(predictions, fromLogits)), -1));
  });
}

/**
 * Cross-entropy of labels that do not exclude each other, the mean over a sample's targets.
 *
 * @throws {OptionError} when an option is unknown or impossible. The loss throws {ShapeError} when labels do not fit the predictions, and
 *   {DataError} when one is outside the classes.
 * @example
 * model.compile({ optimizer: adam(), loss: binaryCrossEntropy({ fromLogits: true }) });
 * @see `binary_crossentropy` in keras/src/losses/losses.py
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { labelSmoothing = 0, fromLogits = false } = checkOptions('binaryCrossEntropy', options, RULES);
  return named('binaryCrossEntropy', 'targets', (labels, predictions) => {
    const targets = targetsLike('binaryCrossEntropy', labels, predictions, 'targets');
    const smooth = labelSmoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / 2);
    return tf.mean(binary(smooth, predictions, fromLogits), -1);
  });
}

/** Options of {@link focalLoss}. */
export interface FocalLossOptions {
  /** Whether classes exclude each other. @defaultValue 'softmax' */
  readonly kind?: 'softmax' | 'sigmoid' | undefined;
  /** How much less easy samples count; at least 0, which is plain cross-entropy. @defaultValue 2 */
  readonly gamma?: number | undefined;
  /** Weight of the loss; of sigmoid targets, that of the positive ones, the negative ones having the rest. @defaultValue 0.25 */
  readonly alpha?: number | undefined;
  /** @defaultValue false */
  readonly fromLogits?: boolean | undefined;
}

/**
 * Cross-entropy in which samples that are right already count less, for rare classes.
 *
 * Its gradients stay finite for every `gamma`, also where a sample is as sure as float32 can be. Keras' sigmoid form gives NaN there for
 * `gamma` below 1.
 *
 * @throws {OptionError} when an option is unknown or impossible. The loss throws {ShapeError} when labels do not fit the predictions, and
 *   {DataError} when one is outside the classes.
 * @example
 * model.compile({ optimizer: adam(), loss: focalLoss({ kind: 'sigmoid' }) });
 * @see arXiv 1708.02002, section 3; `categorical_focal_crossentropy` and `binary_focal_crossentropy` in keras/src/losses/losses.py
 */
export function focalLoss(options: FocalLossOptions = {}): Loss {
  checkOptions('focalLoss', options, { kind: oneOf('softmax', 'sigmoid'), gamma: nonNegative, alpha: probability, fromLogits: boolean });
  const { kind = 'softmax', gamma = 2, alpha = 0.25, fromLogits = false } = options;
  const meaning = kind === 'softmax' ? 'classes' : 'targets';
  return named('focalLoss', meaning, (labels, predictions) => {
    const targets = targetsLike('focalLoss', labels, predictions, meaning);
    if (kind === 'softmax') {
      const logs = logProbabilities(predictions, fromLogits);
      return tf.neg(tf.sum(tf.mul(tf.mul(targets, logs), tf.mul(hardness(tf.exp(logs), gamma), alpha)), -1));
    }
    const p = fromLogits ? tf.sigmoid(predictions) : predictions;
    const right = tf.add(tf.mul(targets, p), tf.mul(tf.sub(1, targets), tf.sub(1, p)));
    const balance = tf.add(tf.mul(targets, alpha), tf.mul(tf.sub(1, targets), 1 - alpha));
    return tf.mean(tf.mul(tf.mul(balance, hardness(right, gamma)), binary(targets, predictions, fromLogits)), -1);
  });
}

/** `(1 - p) ** gamma`. At `p = 1` the slope of this power is infinite for gamma below 1, and infinity times 0 is NaN. */
function hardness(p: tf.Tensor, gamma: number): tf.Tensor {
  return tf.pow(tf.maximum(tf.sub(1, p), EPSILON), gamma);
}

function logProbabilities(predictions: tf.Tensor, fromLogits: boolean): tf.Tensor {
  if (fromLogits) return tf.logSoftmax(predictions);
  return tf.log(tf.clipByValue(tf.div(predictions, tf.sum(predictions, -1, true)), EPSILON, 1 - EPSILON));
}

function binary(targets: tf.Tensor, predictions: tf.Tensor, fromLogits: boolean): tf.Tensor {
  if (fromLogits) {
    // max(x, 0) - x y + log(1 + exp(-|x|)): no exponential grows.
    return tf.add(tf.sub(tf.relu(predictions), tf.mul(predictions, targets)), tf.log1p(tf.exp(tf.neg(tf.abs(predictions)))));
  }
  const p = tf.clipByValue(predictions, EPSILON, 1 - EPSILON);
  return tf.neg(tf.add(tf.mul(targets, tf.log(p)), tf.mul(tf.sub(1, targets), tf.log(tf.sub(1, p)))));
}

// TensorFlow.js logs a function under its name.
function named(name: string, labelMeaning: LabelMeaning, loss: Loss): Loss {
  // The wasm kernels of clipping and comparing turn NaN into a number. Zero times the predictions keeps the loss honest.
  const honest: Loss = (labels, predictions) => tf.add(loss(labels, predictions), tf.sum(tf.mul(predictions, 0), -1));
  return Object.assign(Object.defineProperty(honest, 'name', { value: name }), { labelMeaning });
}
