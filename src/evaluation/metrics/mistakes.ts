// Lists the mistakes of a classifier: the most confident ones, and the classes it confuses most often.

import { check, positiveInteger } from '../../core/internal.js';
import { checkAnyEvaluation, checkEvaluation } from './checkEvaluation.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';
import { predictionsTable, type PredictionRow } from './predictionsTable.js';

/** How often one class was predicted in place of another. */
export interface ConfusedPair {
  /** Name of the true class. */
  readonly label: string;
  /** Index of the true class. Distinguishes classes that have the same name. */
  readonly labelIndex: number;
  /** Name of the predicted class. */
  readonly predicted: string;
  readonly predictedIndex: number;
  readonly count: number;
  /** Fraction of the true class's samples. */
  readonly share: number;
}

/**
 * Returns the wrong predictions with the highest probability, most confident first. They often include samples with wrong labels.
 *
 * For multi-label evaluations, each wrong decision is one row: for example, `predicted` is `'mass'` and `label` is `'no mass'`. Both
 * indices are the index of that label.
 *
 * @param limit - Maximum number of rows. The default is 20.
 * @throws {OptionError} when the limit is not a positive integer.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.6, 0.4]], [1, 1], { files: ['a.jpg', 'b.jpg'] });
 * mostWrong(evaluation, 1)[0]?.file; // 'a.jpg'
 */
export function mostWrong(evaluation: Evaluation | MultiLabelEvaluation, limit = 20): PredictionRow[] {
  checkAnyEvaluation('mostWrong', evaluation);
  check('mostWrong', 'limit', limit, positiveInteger);
  const wrong = !evaluation.multiLabel ? predictionsTable(evaluation).filter(({ correct }) => !correct) : wrongDecisions(evaluation);
  return wrong.sort((a, b) => b.probability - a.probability || a.index - b.index).slice(0, limit);
}

function wrongDecisions({ predictions, classNames }: MultiLabelEvaluation): PredictionRow[] {
  const { labels, predicted, probabilities, files } = predictions;
  const rows: PredictionRow[] = [];
  labels.forEach((label, at) => {
    if (label === predicted[at]) return;
    const index = Math.floor(at / classNames.length);
    const column = at % classNames.length;
    const name = classNames[column] as string;
    const [there, absent] = [name, `no ${name}`];
    const probability = probabilities[at] as number;
    rows.push({
      index,
      file: files?.[index] ?? '',
      label: label === 1 ? there : absent,
      labelIndex: column,
      predicted: label === 1 ? absent : there,
      predictedIndex: column,
      probability: Number((label === 1 ? 1 - probability : probability).toPrecision(7)),
      correct: false,
    });
  });
  return rows;
}

/**
 * Returns the pairs of classes that were confused, most frequent first.
 *
 * @param limit - Maximum number of pairs. The default is 20.
 * @throws {OptionError} when the limit is not a positive integer.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.6, 0.4]], ['dog', 'dog'], { classNames: ['cat', 'dog'] });
 * confusedPairs(evaluation); // [{ label: 'dog', labelIndex: 1, predicted: 'cat', predictedIndex: 0, count: 2, share: 1 }]
 */
export function confusedPairs(evaluation: Evaluation, limit = 20): ConfusedPair[] {
  checkEvaluation('confusedPairs', evaluation);
  check('confusedPairs', 'limit', limit, positiveInteger);
  const { confusionMatrix, classNames, perClass } = evaluation;
  const pairs: ConfusedPair[] = [];
  confusionMatrix.forEach((row, truth) => {
    row.forEach((count, guess) => {
      if (count === 0 || guess === truth) return;
      pairs.push({
        label: classNames[truth] as string,
        labelIndex: truth,
        predicted: classNames[guess] as string,
        predictedIndex: guess,
        count,
        share: count / (perClass[truth]?.support ?? count),
      });
    });
  });
  return pairs.sort((a, b) => b.count - a.count || b.share - a.share).slice(0, limit);
}
