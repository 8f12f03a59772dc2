// Computes an evaluation from predictions. The caller must check the arguments.

import { calibrationErrors, reliabilityBins } from './calibration.js';
import {
  accuracyOf,
  balancedAccuracyOf,
  countClasses,
  countLabelSets,
  kappaOf,
  macroAverage,
  matthewsOf,
  microAverage,
  scoreClasses,
  scores,
  weightedAverage,
} from './classScores.js';
import type { Evaluation, LabelSetPredictions, MultiLabelEvaluation, Predictions } from './evaluation.js';

// scikit-learn's log_loss clips float32 probabilities with the same value.
const EPSILON = 2 ** -23;

/** Labels and probabilities of samples that have one class each. */
export type SinglePredictions = Omit<Predictions, 'predicted'>;

/** Evaluates samples that have one class each. */
export function summarize(
  { labels, probabilities, files }: SinglePredictions,
  classNames: readonly string[],
  topK: readonly number[],
  bins: number,
): Evaluation {
  const classes = classNames.length;
  const count = labels.length;
  const predicted = new Int32Array(count);
  const confidences = new Float32Array(count);
  const correct = new Uint8Array(count);
  const within = new Map(topK.map((k) => [k, 0]));
  let loss = 0;
  let brier = 0;
  for (let sample = 0; sample < count; sample++) {
    const start = sample * classes;
    const truth = labels[sample] as number;
    const own = probabilities[start + truth] as number;
    let best = 0;
    let rank = 0;
    let squares = 0;
    for (let column = 0; column < classes; column++) {
      const value = probabilities[start + column] as number;
      if (value > (probabilities[start + best] as number)) best = column;
      // Ties rank as in scikit-learn's top_k_accuracy_score: of two classes, the first one ranks first; of more, the last one does.
      if (value > own || (value === own && (classes === 2 ? column < truth : column > truth))) rank++;
      squares += value * value;
    }
    predicted[sample] = best;
    confidences[sample] = probabilities[start + best] as number;
    correct[sample] = best === truth ? 1 : 0;
    for (const k of topK) if (rank < k) within.set(k, (within.get(k) as number) + 1);
    loss -= Math.log(clipped(own));
    brier += squares - 2 * own + 1;
  }
  const counts = countClasses(labels, predicted, classes);
  const perClass = scoreClasses(counts, classNames);
  const occurring = perClass.filter((one) => one.support > 0 || one.predicted > 0);
  const reliability = reliabilityBins(confidences, correct, bins);
  return {
    multiLabel: false,
    count,
    classNames,
    loss: loss / count,
    accuracy: accuracyOf(counts),
    topK: Object.fromEntries([...within].map(([k, hits]) => [k, hits / count])),
    confusionMatrix: confusionMatrix(labels, predicted, classes),
    perClass,
    macro: macroAverage(occurring),
    micro: microAverage(counts),
    weighted: weightedAverage(perClass),
    balancedAccuracy: balancedAccuracyOf(counts),
    kappa: kappaOf(counts),
    matthews: matthewsOf(counts),
    calibration: { ...calibrationErrors(reliability), brier: brier / count / (classes === 2 ? 2 : 1), bins: reliability },
    predictions: { labels, predicted, probabilities, files },
  };
}

/** Evaluates samples that may have several classes each. */
export function summarizeLabelSets(
  { labels, probabilities, files }: Omit<LabelSetPredictions, 'predicted'>,
  classNames: readonly string[],
  thresholds: readonly number[],
): MultiLabelEvaluation {
  const classes = classNames.length;
  const count = labels.length / classes;
  const predicted = Uint8Array.from(probabilities, (value, i) => (value >= Math.fround(thresholds[i % classes] as number) ? 1 : 0));
  let loss = 0;
  let wrong = 0;
  let exact = 0;
  const samples = { precision: 0, recall: 0, f1: 0 };
  for (let start = 0; start < labels.length; start += classes) {
    let truePositives = 0;
    let support = 0;
    let guessed = 0;
    let wrongHere = 0;
    for (let i = start; i < start + classes; i++) {
      const truth = labels[i] as number;
      const guess = predicted[i] as number;
      support += truth;
      guessed += guess;
      truePositives += truth & guess;
      wrongHere += truth ^ guess;
      const value = probabilities[i] as number;
      loss -= Math.log(clipped(truth === 1 ? value : 1 - value));
    }
    wrong += wrongHere;
    if (wrongHere === 0) exact++;
    const own = scores(truePositives, guessed, support);
    samples.precision += own.precision / count;
    samples.recall += own.recall / count;
    samples.f1 += own.f1 / count;
  }
  const counts = countLabelSets(labels, predicted, classes);
  const perClass = scoreClasses(counts, classNames);
  return {
    multiLabel: true,
    count,
    classNames,
    thresholds,
    loss: loss / labels.length,
    accuracy: exact / count,
    hammingLoss: wrong / labels.length,
    perClass,
    macro: macroAverage(perClass),
    micro: microAverage(counts),
    weighted: weightedAverage(perClass),
    samples,
    predictions: { labels, predicted, probabilities, files },
  };
}

function confusionMatrix(labels: Int32Array, predicted: Int32Array, classes: number): Uint32Array[] {
  const rows = Array.from({ length: classes }, () => new Uint32Array(classes));
  labels.forEach((truth, i) => {
    const row = rows[truth] as Uint32Array;
    const guess = predicted[i] as number;
    row[guess] = (row[guess] as number) + 1;
  });
  return rows;
}

function clipped(probability: number): number {
  return Math.min(1 - EPSILON, Math.max(EPSILON, probability));
}
