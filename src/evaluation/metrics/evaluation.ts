// What an evaluation is: typed arrays and numbers that every report, chart and comparison reads. How it comes about: evaluatePredictions.ts.

import type { Calibration } from './calibration.js';
import type { ClassScores, Scores } from './classScores.js';

/** The predictions an evaluation was made of, in the order of the data. */
export interface Predictions {
  /** The true class of each sample. */
  readonly labels: Int32Array;
  /** The most probable class; the first of several equals. */
  readonly predicted: Int32Array;
  /** `[samples, classes]`, row-major; each row sums to 1. */
  readonly probabilities: Float32Array;
  /** Where each sample came from, where known. */
  readonly files: readonly string[] | undefined;
}

/** How good a classifier is that gives each sample one class. */
export interface Evaluation {
  readonly multiLabel: false;
  /** Samples in all. */
  readonly count: number;
  readonly classNames: readonly string[];
  /** The mean cross-entropy, in nats; probabilities are kept 1.2e-7 away from 0 and 1, as scikit-learn does for float32. */
  readonly loss: number;
  readonly accuracy: number;
  /**
   * The share of samples whose true class is among the k most probable, by k. Ties rank as in scikit-learn's `top_k_accuracy_score`: of two
   * classes the first one first, of more the last one first.
   */
  readonly topK: Readonly<Record<number, number>>;
  /** `confusionMatrix[truth][predicted]`: the number of samples. */
  readonly confusionMatrix: readonly Uint32Array[];
  /** The scores of every class, also of those that are nowhere in the data. */
  readonly perClass: readonly ClassScores[];
  /** The mean over the classes that were there or were predicted, each counting the same. */
  readonly macro: Scores;
  /** Over all decisions; with one class a sample, all three equal the accuracy. */
  readonly micro: Scores;
  /** The mean over classes weighted by their support. */
  readonly weighted: Scores;
  /** The mean recall of the classes that are there. */
  readonly balancedAccuracy: number;
  /** Cohen's kappa; NaN where a single class is all there is. */
  readonly kappa: number;
  /** Matthews' correlation coefficient. */
  readonly matthews: number;
  readonly calibration: Calibration;
  readonly predictions: Predictions;
}

/** The predictions of a classifier that decides each class by itself. */
export interface LabelSetPredictions {
  /** `[samples, classes]` of 0 and 1. */
  readonly labels: Uint8Array;
  /** `[samples, classes]` of 0 and 1: the probability reaches the class's threshold. */
  readonly predicted: Uint8Array;
  /** `[samples, classes]`, each in [0, 1]. */
  readonly probabilities: Float32Array;
  readonly files: readonly string[] | undefined;
}

/** How good a classifier is that gives each sample any number of classes. */
export interface MultiLabelEvaluation {
  readonly multiLabel: true;
  readonly count: number;
  readonly classNames: readonly string[];
  /** The probability from which a class counts as predicted, by class. */
  readonly thresholds: readonly number[];
  /** The mean binary cross-entropy over samples and classes, in nats. */
  readonly loss: number;
  /** The share of samples whose classes are all right (scikit-learn's subset accuracy). */
  readonly accuracy: number;
  /** The share of single decisions that are wrong. */
  readonly hammingLoss: number;
  readonly perClass: readonly ClassScores[];
  readonly macro: Scores;
  readonly micro: Scores;
  readonly weighted: Scores;
  /** The mean over samples of each sample's own scores. */
  readonly samples: Scores;
  readonly predictions: LabelSetPredictions;
}
