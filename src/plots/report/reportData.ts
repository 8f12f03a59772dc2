// Computes the data of a report. The page shows it and report.json contains it.

import type {
  ConfidenceInterval,
  ConfusedPair,
  Evaluation,
  EvaluationComparison,
  MultiLabelEvaluation,
  PredictionRow,
} from '../../evaluation/metrics/index.js';
import type { ModelSummary } from '../../models/index.js';
import {
  averagePrecision,
  compareEvaluations,
  confidenceInterval,
  confusedPairs,
  mostWrong,
  precisionRecallCurve,
  rocAuc,
} from '../../evaluation/metrics/index.js';
import { uniqueNames } from '../../evaluation/metrics/internal.js';
import { phasesOf, type TrainingPhase } from '../metricHistory.js';
import { checkContents, type ReportContents } from './reportContents.js';

/** The data of a report, as plain values. */
export interface ReportData {
  readonly title: string;
  /** Whether a sample can have any number of classes instead of one. */
  readonly multiLabel: boolean;
  readonly samples: number;
  readonly classes: number;
  /** Values of the metrics by name, in the order of the page. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Null for multi-label evaluations. */
  readonly accuracyInterval: ConfidenceInterval | null;
  readonly perClass: readonly ReportClass[];
  /** Empty for multi-label evaluations, which have `decisions` per class instead. */
  readonly confusions: readonly ConfusedPair[];
  /** Empty for multi-label evaluations. */
  readonly reliability: Evaluation['calibration']['bins'];
  readonly mostWrong: readonly PredictionRow[];
  readonly comparison: (Omit<EvaluationComparison, 'fixed' | 'broken'> & { readonly fixed: number; readonly broken: number }) | null;
  readonly history: readonly TrainingPhase[];
  readonly model: ModelSummary | null;
  readonly settings: NonNullable<ReportContents['settings']>;
}

/** The scores of a class, with the areas under its curves. */
export interface ReportClass {
  /** Name of the class, with its index if several classes have this name. */
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly auc: number;
  readonly averagePrecision: number;
  readonly support: number;
  /** Null for evaluations of one class per sample. */
  readonly decisions: ReportDecisions | null;
}

/** The decisions about one label over all samples. */
export interface ReportDecisions {
  /** The minimum probability at which the label is predicted. */
  readonly threshold: number;
  /** The threshold with the highest F1 on this data; NaN if no sample has the label. */
  readonly bestThreshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/**
 * Computes the data of a report.
 *
 * @throws {OptionError} when the contents have an unknown key or a wrong value, or `before` is combined with a multi-label evaluation.
 * @throws {DataError} when `before` is an evaluation of other data, or a history has no epoch.
 */
export function reportData(contents: ReportContents): ReportData {
  return reportDataFor('reportData', contents);
}

/** Same as {@link reportData}, for the function that the user called. */
export function reportDataFor(where: string, contents: ReportContents): ReportData {
  const { title, evaluation, before, history, summary, settings = {} } = checkContents(where, contents);
  const names = uniqueNames(evaluation.classNames);
  const auc = rocAuc(evaluation);
  const precision = averagePrecision(evaluation);
  const ranking = { 'macro ROC AUC': auc.macro, 'macro average precision': precision.macro };
  const comparison = before === undefined || evaluation.multiLabel ? null : compareEvaluations(before, evaluation);
  return {
    title,
    multiLabel: evaluation.multiLabel,
    samples: evaluation.count,
    classes: evaluation.classNames.length,
    metrics: !evaluation.multiLabel ? singleMetrics(evaluation, ranking) : multiMetrics(evaluation, ranking),
    accuracyInterval: !evaluation.multiLabel ? confidenceInterval(evaluation, 'accuracy') : null,
    perClass: evaluation.perClass.map(({ precision: own, recall, f1, support }, i) => ({
      name: names[i] as string,
      precision: own,
      recall,
      f1,
      auc: auc.perClass[i] as number,
      averagePrecision: precision.perClass[i] as number,
      support,
      decisions: !evaluation.multiLabel ? null : decisionsOf(evaluation, i),
    })),
    confusions: !evaluation.multiLabel ? confusedPairs(evaluation, Number.MAX_SAFE_INTEGER) : [],
    reliability: !evaluation.multiLabel ? evaluation.calibration.bins : [],
    mostWrong: mostWrong(evaluation, 100),
    comparison: comparison === null ? null : { ...comparison, fixed: comparison.fixed.length, broken: comparison.broken.length },
    history: history === undefined ? [] : phasesOf(history),
    model: summary ?? null,
    settings,
  };
}

type Metrics = ReportData['metrics'];

function singleMetrics(
  { accuracy, topK, balancedAccuracy, macro, weighted, kappa, matthews, loss, calibration }: Evaluation,
  ranking: Metrics,
): Metrics {
  return {
    accuracy,
    ...Object.fromEntries(
      Object.entries(topK)
        .filter(([k]) => k !== '1')
        .map(([k, share]) => [`top-${k} accuracy`, share]),
    ),
    'balanced accuracy': balancedAccuracy,
    'macro F1': macro.f1,
    'macro precision': macro.precision,
    'macro recall': macro.recall,
    'weighted F1': weighted.f1,
    ...ranking,
    "Cohen's kappa": kappa,
    Matthews: matthews,
    loss,
    'calibration error': calibration.ece,
    'Brier score': calibration.brier,
  };
}

function multiMetrics({ accuracy, hammingLoss, macro, micro, weighted, samples, loss }: MultiLabelEvaluation, ranking: Metrics): Metrics {
  return {
    'subset accuracy': accuracy,
    'Hamming loss': hammingLoss,
    'macro F1': macro.f1,
    'micro F1': micro.f1,
    'weighted F1': weighted.f1,
    'samples F1': samples.f1,
    'macro precision': macro.precision,
    'macro recall': macro.recall,
    ...ranking,
    loss,
  };
}

function decisionsOf(evaluation: MultiLabelEvaluation, column: number): ReportDecisions {
  const { labels, predicted } = evaluation.predictions;
  const classes = evaluation.classNames.length;
  const counts = [0, 0, 0, 0];
  for (let at = column; at < labels.length; at += classes) {
    const cell = 2 * (labels[at] as number) + (predicted[at] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = counts as [number, number, number, number];
  return {
    threshold: evaluation.thresholds[column] as number,
    bestThreshold: truePositives + falseNegatives === 0 ? NaN : precisionRecallCurve(evaluation, column).bestThreshold,
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives,
  };
}
