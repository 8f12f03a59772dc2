// Lists the mistakes of a report with the classes that came next, and the samples on which two evaluations differ.

import {
  mostWrong,
  type Evaluation,
  type EvaluationComparison,
  type MultiLabelEvaluation,
  type PredictionRow,
} from '../../evaluation/metrics/index.js';

/** A wrong prediction, with the probabilities of the classes that were not predicted. */
export interface ReportMistake extends PredictionRow {
  /** The class with the second highest probability. Null for multi-label evaluations. */
  readonly runnerUp: string | null;
  /** Null for multi-label evaluations. */
  readonly runnerUpProbability: number | null;
  /** Probability of the true class. Null for multi-label evaluations. */
  readonly labelProbability: number | null;
}

/** A sample that only one of two evaluations predicts correctly. */
export interface ReportChange {
  readonly index: number;
  /** An empty string if unknown. */
  readonly file: string;
  /** Name of the true class. */
  readonly label: string;
  /** Name of the class that the earlier evaluation predicted. */
  readonly before: string;
  readonly after: string;
}

/** Returns all wrong predictions, most confident first. */
export function mistakesOf(evaluation: Evaluation | MultiLabelEvaluation): ReportMistake[] {
  const rows = mostWrong(evaluation, Number.MAX_SAFE_INTEGER);
  if (evaluation.multiLabel) return rows.map((row) => ({ ...row, runnerUp: null, runnerUpProbability: null, labelProbability: null }));
  const classes = evaluation.classNames.length;
  const { probabilities } = evaluation.predictions;
  return rows.map((row) => {
    const own = probabilities.subarray(row.index * classes, (row.index + 1) * classes);
    let second = -1;
    own.forEach((value, c) => {
      if (c !== row.predictedIndex && (second < 0 || value > (own[second] as number))) second = c;
    });
    return {
      ...row,
      runnerUp: evaluation.classNames[second] ?? null,
      runnerUpProbability: rounded(own[second] ?? 0),
      labelProbability: rounded(own[row.labelIndex] as number),
    };
  });
}

/** Returns the samples that became correct and those that became wrong. */
export function changesOf(
  before: Evaluation,
  after: Evaluation,
  { fixed, broken }: EvaluationComparison,
): { readonly fixed: readonly ReportChange[]; readonly broken: readonly ReportChange[] } {
  const nameOf = (column: number | undefined): string => after.classNames[column as number] as string;
  const list = (indices: Int32Array): ReportChange[] =>
    Array.from(indices, (index) => ({
      index,
      file: after.predictions.files?.[index] ?? before.predictions.files?.[index] ?? '',
      label: nameOf(after.predictions.labels[index]),
      before: nameOf(before.predictions.predicted[index]),
      after: nameOf(after.predictions.predicted[index]),
    }));
  return { fixed: list(fixed), broken: list(broken) };
}

/** float32 has about seven digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}
