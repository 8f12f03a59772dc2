// Defines evaluations: plain data that reports, charts and comparisons use.

import type { Calibration } from './calibration.js';
import type { ClassScores, Scores } from './classScores.js';

/** The predictions of an evaluation, in the order of the data. */
export interface Predictions {
  /** True class of each sample. */
  readonly labels: Int32Array;
  /** Most probable class of each sample. The first one if several are equal. */
  readonly predicted: Int32Array;
  /** Predicted probabilities, `[samples, classes]`, row-major. Each row sums to 1. */
  readonly probabilities: Float32Array;
  /** Source of each sample, if known. */
  readonly files: readonly string[] | undefined;
}

/** Metrics of a classifier that predicts one class per sample. */
export interface Evaluation {
  readonly multiLabel: false;
  /** Number of samples. */
  readonly count: number;
  readonly classNames: readonly string[];
  /** Mean cross-entropy in nats. Probabilities are clipped to a distance of 1.2e-7 from 0 and 1, as scikit-learn does for float32. */
  readonly loss: number;
  readonly accuracy: number;
  /**
   * Top-k accuracy by k: the fraction of samples whose true class is among the k most probable. Ties are ranked as in scikit-learn's
   * `top_k_accuracy_score`: of two classes, the first one ranks first; of more, the last one ranks first.
   */
  readonly topK: Readonly<Record<number, number>>;
  /** Number of samples by true and predicted class: `confusionMatrix[truth][predicted]`. */
  readonly confusionMatrix: readonly Uint32Array[];
  /** Scores of every class, including classes that do not occur in the data. */
  readonly perClass: readonly ClassScores[];
  /** Unweighted mean of the scores over the classes that occur or were predicted. */
  readonly macro: Scores;
  /** Scores over all decisions together. With one class per sample, all three equal the accuracy. */
  readonly micro: Scores;
  /** Mean of the scores over classes, weighted by support. */
  readonly weighted: Scores;
  /** Mean recall of the classes that occur. */
  readonly balancedAccuracy: number;
  /** Cohen's kappa; NaN if only one class occurs. */
  readonly kappa: number;
  /** Matthews correlation coefficient. */
  readonly matthews: number;
  readonly calibration: Calibration;
  readonly predictions: Predictions;
}

/** The predictions of a multi-label classifier. */
export interface LabelSetPredictions {
  /** True labels, `[samples, classes]` of 0 and 1. */
  readonly labels: Uint8Array;
  /** Predicted labels, `[samples, classes]` of 0 and 1: 1 if the probability reaches the threshold of the class. */
  readonly predicted: Uint8Array;
  /** Predicted probabilities, `[samples, classes]`, each in [0, 1]. */
  readonly probabilities: Float32Array;
  readonly files: readonly string[] | undefined;
}

/** Metrics of a classifier that predicts any number of classes per sample. */
export interface MultiLabelEvaluation {
  readonly multiLabel: true;
  readonly count: number;
  readonly classNames: readonly string[];
  /** Minimum probability at which each class is predicted. */
  readonly thresholds: readonly number[];
  /** Mean binary cross-entropy over samples and classes, in nats. */
  readonly loss: number;
  /** Fraction of samples for which all classes are correct (scikit-learn's subset accuracy). */
  readonly accuracy: number;
  /** Fraction of wrong decisions over all samples and classes. */
  readonly hammingLoss: number;
  readonly perClass: readonly ClassScores[];
  readonly macro: Scores;
  readonly micro: Scores;
  readonly weighted: Scores;
  /** Mean over samples of the scores of each sample. */
  readonly samples: Scores;
  readonly predictions: LabelSetPredictions;
}
