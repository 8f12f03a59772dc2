// Lists individual predictions as rows or CSV, for example to find and correct wrong labels.

import { csvLine } from '../../core/internal.js';
import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';

/** The prediction for one sample. */
export interface PredictionRow {
  /** Index of the sample in the data, starting at 0. */
  readonly index: number;
  /** Source of the sample; an empty string if unknown. */
  readonly file: string;
  /** Name of the true class. */
  readonly label: string;
  /** Index of the true class. */
  readonly labelIndex: number;
  readonly predicted: string;
  readonly predictedIndex: number;
  /** Probability of the predicted class. */
  readonly probability: number;
  readonly correct: boolean;
}

/**
 * Returns every prediction as a row, in the order of the data.
 *
 * @example
 * predictionsTable(evaluatePredictions([[0.9, 0.1]], ['cat'], { classNames: ['cat', 'dog'], files: ['tom.jpg'] }))[0];
 * // { index: 0, file: 'tom.jpg', label: 'cat', labelIndex: 0, predicted: 'cat', predictedIndex: 0, probability: 0.9, correct: true }
 */
export function predictionsTable(evaluation: Evaluation): PredictionRow[] {
  checkEvaluation('predictionsTable', evaluation);
  return rowsOf(evaluation);
}

function rowsOf(evaluation: Evaluation): PredictionRow[] {
  const {
    classNames,
    predictions: { labels, predicted, probabilities, files },
  } = evaluation;
  return Array.from(labels, (labelIndex, index) => {
    const predictedIndex = predicted[index] as number;
    return {
      index,
      file: files?.[index] ?? '',
      label: classNames[labelIndex] as string,
      labelIndex,
      predicted: classNames[predictedIndex] as string,
      predictedIndex,
      // Seven significant digits are enough for a float32.
      probability: Number((probabilities[index * classNames.length + predictedIndex] as number).toPrecision(7)),
      correct: labelIndex === predictedIndex,
    };
  });
}

/**
 * Formats all predictions as CSV (RFC 4180) with a header line.
 *
 * A spreadsheet runs cells that begin with `=`, `+`, `-` or `@` as formulas. Such file and class names are written as they are, so that
 * they can be read back. If names come from untrusted sources, import the columns as text instead of opening the file in a spreadsheet.
 *
 * @example
 * predictionsCsv(evaluatePredictions([[0.9, 0.1]], ['cat'], { classNames: ['cat', 'dog'], files: ['tom.jpg'] }));
 * // index,file,label,labelIndex,predicted,predictedIndex,probability,correct
 * // 0,tom.jpg,cat,0,cat,0,0.9,true
 */
export function predictionsCsv(evaluation: Evaluation): string {
  checkEvaluation('predictionsCsv', evaluation);
  const columns = ['index', 'file', 'label', 'labelIndex', 'predicted', 'predictedIndex', 'probability', 'correct'] as const;
  const rows = rowsOf(evaluation).map((row) => columns.map((column) => String(row[column])));
  return [columns, ...rows].map((cells) => `${csvLine(cells)}\r\n`).join('');
}
