// Losses for `model.compile` and `fineTune`, with one value per sample. Labels are class indices or vectors: one-hot, multi-hot or soft.

import * as tf from '@tensorflow/tfjs-core';
import { boolean, checkOptions, nonNegative, oneOf, probability, rate } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import type { LabelMeaning } from './checkLabels.js';
import { checkNotLabels } from './checkNotLabels.js';
import { targetsLike } from './targets.js';

/**
 * A loss function. It takes labels `[batch]` or `[batch, targets]` and predictions `[batch, targets]`, and returns losses `[batch]`.
 *
 * Class indices work in `fitDataset`, `evaluateDataset` and `fineTune`. `model.fit` of TensorFlow.js accepts vectors only.
 */
export type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** Options of {@link softmaxCrossEntropy} and {@link binaryCrossEntropy}. */
export interface CrossEntropyOptions {
  /** Fraction of each label that is spread evenly across all classes, in [0, 1). @defaultValue 0 */
  readonly labelSmoothing?: number | undefined;
  /**
   * Whether predictions are logits, that is, the model has no final activation. This is exact for logits of any size.
   * @defaultValue false
   */
  readonly fromLogits?: boolean | undefined;
}

/** A loss of this library as plain data, from which another thread creates it. */
export type LossConfig =
  | { readonly name: 'softmaxCrossEntropy'; readonly options: CrossEntropyOptions }
  | { readonly name: 'binaryCrossEntropy'; readonly options: CrossEntropyOptions }
  | { readonly name: 'focalLoss'; readonly options: FocalLossOptions };

/** Returns the configuration of a loss, or `undefined` if it is a function of the user. */
export function lossConfig(loss: Loss): LossConfig | undefined {
  return (loss as { readonly config?: LossConfig | undefined }).config;
}

/** Creates a loss from its configuration. */
export function lossFrom(config: LossConfig): Loss {
  switch (config.name) {
    case 'softmaxCrossEntropy':
      return softmaxCrossEntropy(config.options);
    case 'binaryCrossEntropy':
      return binaryCrossEntropy(config.options);
    case 'focalLoss':
      return focalLoss(config.options);
  }
}

/** Keeps logarithms finite. The same value as in Keras. */
const EPSILON = 1e-7;
const RULES = { labelSmoothing: rate, fromLogits: boolean };

/**
 * Creates the cross-entropy loss for mutually exclusive classes.
 *
 * @throws {OptionError} when an option is unknown or invalid. The loss itself throws a {ShapeError} when labels do not fit the predictions,
 *   and a {DataError} when a label is out of range.
 * @example
 * model.compile({ optimizer: adam(), loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }) });
 * @see `categorical_crossentropy` in keras/src/losses/losses.py
 */
export function softmaxCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  checkNotLabels('softmaxCrossEntropy', options);
  const { labelSmoothing = 0, fromLogits = false } = checkOptions('softmaxCrossEntropy', options, RULES);
  return named({ name: 'softmaxCrossEntropy', options }, 'classes', fromLogits, (labels, predictions) => {
    const targets = targetsLike('softmaxCrossEntropy', labels, predictions, 'classes');
    const classes = predictions.shape[1] as number;
    if (classes === 1)
      throw new ShapeError(
        'softmaxCrossEntropy: expected predictions of at least 2 classes, received one output, whose loss would always be 0. Use binaryCrossEntropy().',
      );
    const smooth = labelSmoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / classes);
    return tf.neg(tf.sum(tf.mul(smooth, logProbabilities(predictions, fromLogits)), -1));
  });
}

/**
 * Creates the cross-entropy loss for labels that do not exclude each other. The loss of a sample is the mean over its targets.
 *
 * @throws {OptionError} when an option is unknown or invalid. The loss itself throws a {ShapeError} when labels do not fit the predictions,
 *   and a {DataError} when a label is out of range.
 * @example
 * model.compile({ optimizer: adam(), loss: binaryCrossEntropy({ fromLogits: true }) });
 * @see `binary_crossentropy` in keras/src/losses/losses.py
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  checkNotLabels('binaryCrossEntropy', options);
  const { labelSmoothing = 0, fromLogits = false } = checkOptions('binaryCrossEntropy', options, RULES);
  return named({ name: 'binaryCrossEntropy', options }, 'targets', fromLogits, (labels, predictions) => {
    const targets = targetsLike('binaryCrossEntropy', labels, predictions, 'targets');
    const smooth = labelSmoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / 2);
    return tf.mean(binary(smooth, predictions, fromLogits), -1);
  });
}

/** Options of {@link focalLoss}. */
export interface FocalLossOptions {
  /** `'softmax'` for mutually exclusive classes, `'sigmoid'` for labels that do not exclude each other. @defaultValue 'softmax' */
  readonly kind?: 'softmax' | 'sigmoid' | undefined;
  /** How strongly easy samples are down-weighted, at least 0. 0 gives plain cross-entropy times `alpha`. @defaultValue 2 */
  readonly gamma?: number | undefined;
  /**
   * Weight of the loss, in [0, 1]. With `kind: 'sigmoid'`, positive targets have this weight and negative targets `1 - alpha`.
   * @defaultValue 0.25
   */
  readonly alpha?: number | undefined;
  /** Whether predictions are logits, that is, the model has no final activation. @defaultValue false */
  readonly fromLogits?: boolean | undefined;
}

/**
 * Creates the focal loss: cross-entropy in which samples that are already classified well count less. It helps with rare classes.
 *
 * Its gradients are finite for every `gamma`, even when a predicted probability is exactly 0 or 1. The sigmoid version of Keras returns NaN
 * there when `gamma` is below 1.
 *
 * @throws {OptionError} when an option is unknown or invalid. The loss itself throws a {ShapeError} when labels do not fit the predictions,
 *   and a {DataError} when a label is out of range.
 * @example
 * model.compile({ optimizer: adam(), loss: focalLoss({ kind: 'sigmoid' }) });
 * @see arXiv 1708.02002, section 3; `categorical_focal_crossentropy` and `binary_focal_crossentropy` in keras/src/losses/losses.py
 */
export function focalLoss(options: FocalLossOptions = {}): Loss {
  checkNotLabels('focalLoss', options);
  checkOptions('focalLoss', options, { kind: oneOf('softmax', 'sigmoid'), gamma: nonNegative, alpha: probability, fromLogits: boolean });
  const { kind = 'softmax', gamma = 2, alpha = 0.25, fromLogits = false } = options;
  const meaning = kind === 'softmax' ? 'classes' : 'targets';
  return named({ name: 'focalLoss', options }, meaning, fromLogits, (labels, predictions) => {
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
    // max(x, 0) - x y + log(1 + exp(-|x|)), in which no exponential overflows.
    return tf.add(tf.sub(tf.relu(predictions), tf.mul(predictions, targets)), tf.log1p(tf.exp(tf.neg(tf.abs(predictions)))));
  }
  const p = tf.clipByValue(predictions, EPSILON, 1 - EPSILON);
  return tf.neg(tf.add(tf.mul(targets, tf.log(p)), tf.mul(tf.sub(1, targets), tf.log(tf.sub(1, p)))));
}

/** Names a loss, for the logs of TensorFlow.js and for checks of the labels, and makes it NaN where a prediction is not finite. */
function named(config: LossConfig, labelMeaning: LabelMeaning, fromLogits: boolean, loss: Loss): Loss {
  // Some wasm kernels turn NaN into a number when they clip or compare, so zero times the predictions is added to the loss. From logits the
  // losses are computed without such kernels.
  const checked: Loss = fromLogits ? loss : (labels, predictions) => tf.add(loss(labels, predictions), tf.sum(tf.mul(predictions, 0), -1));
  return Object.assign(Object.defineProperty(checked, 'name', { value: config.name }), { labelMeaning, config });
}
