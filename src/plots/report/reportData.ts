// Computes the data of a report. The page shows it and report.json contains it.

import type {
  ConfidenceInterval,
  ConfusedPair,
  Evaluation,
  EvaluationComparison,
  LabelIssue,
  MultiLabelEvaluation,
} from '../../evaluation/metrics/index.js';
import type { ModelSummary } from '../../models/index.js';
import {
  averagePrecision,
  compareEvaluations,
  confidenceInterval,
  confusedPairs,
  labelIssues,
  precisionRecallCurve,
  rocAuc,
} from '../../evaluation/metrics/index.js';
import { uniqueNames } from '../../evaluation/metrics/internal.js';
import { phasesOf, type TrainingPhase } from '../metricHistory.js';
import { adviceOf } from './reportAdvice.js';
import { checkContents, type ReportContents, type ReportFinding } from './reportContents.js';
import { changesOf, mistakesOf, type ReportChange, type ReportMistake } from './reportMistakes.js';
import { multiMetrics, singleMetrics } from './reportMetrics.js';
import { unknownOf, type ReportUnknown } from './reportUnknown.js';

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
  /** Up to three sentences on what to do next. Empty for multi-label evaluations. */
  readonly advice: readonly string[];
  /** Wrong predictions, most confident first. */
  readonly mistakes: readonly ReportMistake[];
  /** Samples whose label is probably wrong, most suspicious first. Empty for multi-label evaluations. */
  readonly suspects: readonly LabelIssue[];
  /** How answers and images of other things split at thresholds. Null for multi-label evaluations. */
  readonly unknown: ReportUnknown | null;
  readonly findings: readonly ReportFinding[];
  readonly comparison: ReportComparison | null;
  readonly history: readonly TrainingPhase[];
  readonly model: ModelSummary | null;
  readonly settings: NonNullable<ReportContents['settings']>;
}

/** The differences to an earlier evaluation. */
export interface ReportComparison extends Omit<EvaluationComparison, 'fixed' | 'broken'> {
  /** Samples that only the new evaluation predicts correctly. */
  readonly fixed: readonly ReportChange[];
  /** Samples that only the earlier evaluation predicts correctly. */
  readonly broken: readonly ReportChange[];
  /** Metrics of the earlier evaluation by name. `metrics` of the report has the new ones. */
  readonly metrics: Readonly<Record<string, number>>;
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
  const { title, evaluation, before, history, summary, settings = {}, findings = [] } = checkContents(where, contents);
  const names = uniqueNames(evaluation.classNames);
  const auc = rocAuc(evaluation);
  const precision = averagePrecision(evaluation);
  const ranking = { 'macro ROC AUC': auc.macro, 'macro average precision': precision.macro };
  const single = evaluation.multiLabel ? null : evaluation;
  const unknown = single === null ? null : unknownOf(single, contents);
  const confusions = single === null ? [] : confusedPairs(single, Number.MAX_SAFE_INTEGER);
  const suspects = single === null ? [] : labelIssues(single);
  return {
    title,
    multiLabel: evaluation.multiLabel,
    samples: evaluation.count,
    classes: evaluation.classNames.length,
    metrics: !evaluation.multiLabel ? singleMetrics(evaluation, ranking) : multiMetrics(evaluation, ranking),
    advice: single === null || unknown === null ? [] : adviceOf({ evaluation: single, suspects, confusions, coverage: unknown.coverage }),
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
    confusions,
    reliability: !evaluation.multiLabel ? evaluation.calibration.bins : [],
    mistakes: mistakesOf(evaluation),
    suspects,
    unknown,
    findings,
    comparison: before === undefined || single === null ? null : comparisonOf(before, single),
    history: history === undefined ? [] : phasesOf(history),
    model: summary ?? null,
    settings,
  };
}

function comparisonOf(before: Evaluation, after: Evaluation): ReportComparison {
  const comparison = compareEvaluations(before, after);
  const ranking = { 'macro ROC AUC': rocAuc(before).macro, 'macro average precision': averagePrecision(before).macro };
  return { ...comparison, ...changesOf(before, after, comparison), metrics: singleMetrics(before, ranking) };
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
