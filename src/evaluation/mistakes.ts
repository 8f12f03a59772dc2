// Where a classifier is wrong: the surest mistakes, and the classes taken for each other.

import { check, positiveInteger } from '../core/index.js';
import type { Evaluation } from './evaluation.js';
import { predictionsTable, type PredictionRow } from './predictionsTable.js';

/** How often one class was taken for another. */
export interface ConfusedPair {
  readonly label: string;
  readonly predicted: string;
  readonly count: number;
  /** The share of the true class's samples. */
  readonly share: number;
}

/**
 * The wrong predictions with the highest probability, most confident first; wrong labels are often among them.
 *
 * @param limit - At most so many.
 * @throws {OptionError} when the limit is not a positive integer.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.6, 0.4]], [1, 1], { files: ['a.jpg', 'b.jpg'] });
 * mostWrong(evaluation, 1)[0]?.file; // 'a.jpg'
 */
export function mostWrong(evaluation: Evaluation, limit = 20): PredictionRow[] {
  check('mostWrong', 'limit', limit, positiveInteger);
  return predictionsTable(evaluation)
    .filter(({ correct }) => !correct)
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, limit);
}

/**
 * The pairs of classes that were confused, most often first.
 *
 * @param limit - At most so many.
 * @throws {OptionError} when the limit is not a positive integer.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.6, 0.4]], ['dog', 'dog'], { classNames: ['cat', 'dog'] });
 * confusedPairs(evaluation); // [{ label: 'dog', predicted: 'cat', count: 2, share: 1 }]
 */
export function confusedPairs({ confusionMatrix, classNames, perClass }: Evaluation, limit = 20): ConfusedPair[] {
  check('confusedPairs', 'limit', limit, positiveInteger);
  const pairs: ConfusedPair[] = [];
  confusionMatrix.forEach((row, truth) => {
    row.forEach((count, guess) => {
      if (count === 0 || guess === truth) return;
      pairs.push({ label: classNames[truth] as string, predicted: classNames[guess] as string, count, share: count / (perClass[truth]?.support ?? count) });
    });
  });
  return pairs.sort((a, b) => b.count - a.count || b.share - a.share).slice(0, limit);
}
