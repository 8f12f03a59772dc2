// The predictions one by one, as rows and as CSV, so that wrong labels can be found, corrected and fed back.

import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';

/** What was predicted for one sample. */
export interface PredictionRow {
  /** The place in the data, from 0. */
  readonly index: number;
  /** Where the sample came from; an empty string where unknown. */
  readonly file: string;
  /** The true class. */
  readonly label: string;
  /** Its index. */
  readonly labelIndex: number;
  readonly predicted: string;
  readonly predictedIndex: number;
  /** The probability of the predicted class. */
  readonly probability: number;
  readonly correct: boolean;
}

/**
 * Lists every prediction in the order of the data.
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
      // The shortest decimal that is this float32.
      probability: Number((probabilities[index * classNames.length + predictedIndex] as number).toPrecision(7)),
      correct: labelIndex === predictedIndex,
    };
  });
}

/**
 * Writes the table as CSV (RFC 4180, a line of headings first). Cells that a spreadsheet would take for a formula are
 * written as they are: import the file as text where its names come from strangers.
 *
 * @example
 * predictionsCsv(evaluatePredictions([[0.9, 0.1]], ['cat'], { classNames: ['cat', 'dog'], files: ['tom.jpg'] }));
 * // index,file,label,labelIndex,predicted,predictedIndex,probability,correct
 * // 0,tom.jpg,cat,0,cat,0,0.9,true
 */
export function predictionsCsv(evaluation: Evaluation): string {
  checkEvaluation('predictionsCsv', evaluation);
  const columns = ['index', 'file', 'label', 'labelIndex', 'predicted', 'predictedIndex', 'probability', 'correct'] as const;
  const rows = rowsOf(evaluation).map((row) => columns.map((column) => cell(String(row[column]))));
  return [columns, ...rows].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
