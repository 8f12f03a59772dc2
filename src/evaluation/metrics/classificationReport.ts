// Prints the scores per class as text, in the format of scikit-learn's classification_report.

import { checkOptions, largest, nonNegativeInteger, rule } from '../../core/internal.js';
import { checkAnyEvaluation } from './checkEvaluation.js';
import type { Scores } from './classScores.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';
import { uniqueNames } from './uniqueNames.js';

/** `toFixed` supports at most 100 digits. */
const digitCount = rule<number>('an integer in [0, 100]', (value) => nonNegativeInteger.accepts(value) && value <= 100);

/** Options of {@link classificationReport}. */
export interface ClassificationReportOptions {
  /** Number of decimal digits, at most 100. @defaultValue 2 */
  readonly digits?: number | undefined;
}

/**
 * Formats precision, recall, F1 and support of each class that occurs or was predicted, and their averages. Equal class names are shown
 * with the index of their class.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value.
 * @example
 * console.log(classificationReport(evaluatePredictions([[0.9, 0.1], [0.2, 0.8]], ['cat', 'dog'], { classNames: ['cat', 'dog'] })));
 * //               precision    recall  f1-score   support
 * //
 * //          cat       1.00      1.00      1.00         1
 * //          dog       1.00      1.00      1.00         1
 * // ...
 * @see `classification_report` in sklearn/metrics/_classification.py, which prints the same text
 */
export function classificationReport(evaluation: Evaluation | MultiLabelEvaluation, options: ClassificationReportOptions = {}): string {
  checkAnyEvaluation('classificationReport', evaluation);
  const { digits = 2 } = checkOptions('classificationReport', options, { digits: digitCount });
  const single = !evaluation.multiLabel;
  const names = uniqueNames(evaluation.classNames);
  const classes = evaluation.perClass
    .map((one, i) => ({ ...one, name: names[i] as string }))
    .filter(({ support, predicted }) => !single || support > 0 || predicted > 0);
  const support = evaluation.perClass.reduce((sum, one) => sum + one.support, 0);
  const width = largest(
    classes.map(({ name }) => name.length),
    Math.max('weighted avg'.length, digits),
  );
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padStart(width)}  ${cells.map((cell) => cell.padStart(9)).join(' ')}\n`;
  const row = (name: string, { precision, recall, f1 }: Scores, count: number): string =>
    line(name, [...[precision, recall, f1].map((value) => fixed(value, digits)), String(count)]);

  return [
    line('', ['precision', 'recall', 'f1-score', 'support']),
    '\n',
    ...classes.map((one) => row(one.name, one, one.support)),
    '\n',
    single ? line('accuracy', ['', '', fixed(evaluation.accuracy, digits), String(support)]) : row('micro avg', evaluation.micro, support),
    row('macro avg', evaluation.macro, support),
    row('weighted avg', evaluation.weighted, support),
    ...(single ? [] : [row('samples avg', evaluation.samples, support)]),
  ].join('');
}

/** Rounds like Python: exact halves go to the even digit, while `toFixed` rounds them up. */
function fixed(value: number, digits: number): string {
  const doubled = value * 2 ** (digits + 1);
  const isHalf = Number.isInteger(doubled) && doubled % 2 === 1;
  if (!isHalf) return value.toFixed(digits);
  const below = Math.floor(value * 10 ** digits);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}
