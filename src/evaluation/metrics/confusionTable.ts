// Prints the confusion matrix as text for a terminal.

import { checkOptions, largest, positiveInteger } from '../../core/internal.js';
import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';
import { uniqueNames } from './uniqueNames.js';

/** Options of {@link confusionTable}. */
export interface ConfusionTableOptions {
  /** Maximum number of classes. If there are more, the ones with the most mistakes are shown. @defaultValue 30 */
  readonly maxClasses?: number | undefined;
  /** Line width in characters. If the class names do not fit as column headings, letters replace them. @defaultValue 100 */
  readonly width?: number | undefined;
}

/**
 * Formats the confusion matrix as text, with a row per true class and a column per predicted class. Equal class names are shown with
 * the index of their class.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value.
 * @example
 * console.log(confusionTable(evaluatePredictions([[0.9, 0.1], [0.6, 0.4]], ['cat', 'dog'], { classNames: ['cat', 'dog'] })));
 * // truth \ predicted  cat  dog
 * // cat                  1    .
 * // dog                  1    .
 */
export function confusionTable(evaluation: Evaluation, options: ConfusionTableOptions = {}): string {
  checkEvaluation('confusionTable', evaluation);
  const { maxClasses = 30, width = 100 } = checkOptions('confusionTable', options, { maxClasses: positiveInteger, width: positiveInteger });
  const shown = mostMistaken(evaluation, maxClasses);
  const unique = uniqueNames(evaluation.classNames);
  const names = shown.map((index) => unique[index] as string);
  const cells = shown.map((truth) => shown.map((guess) => evaluation.confusionMatrix[truth]?.[guess] ?? 0));
  const corner = 'truth \\ predicted';
  const first = largest(
    names.map((name) => name.length + 4),
    corner.length,
  );
  const digits = String(largest(cells.flat(), 0)).length;
  const fits = first + names.reduce((sum, name) => sum + Math.max(name.length, digits) + 2, 0) <= width;
  const headings = fits ? names : names.map((_, i) => letters(i));
  const columns = headings.map((heading) => Math.max(heading.length, digits) + 2);
  const line = (start: string, values: readonly string[]): string =>
    (start.padEnd(first) + values.map((value, i) => value.padStart(columns[i] as number)).join('')).trimEnd();
  const left = evaluation.classNames.length - shown.length;
  return [
    line(corner, headings),
    ...cells.map((row, i) =>
      line(
        fits ? (names[i] as string) : `${(headings[i] as string).padEnd(3)} ${names[i] as string}`,
        row.map((value) => (value === 0 ? '.' : String(value))),
      ),
    ),
    ...(left > 0 ? [`(the ${shown.length} of ${evaluation.classNames.length} classes with the most mistakes)`] : []),
  ].join('\n');
}

/**
 * Returns the classes with the most mistakes, as true or predicted class, in their original order. Returns all classes if there are at
 * most `limit`.
 */
export function mostMistaken({ confusionMatrix, perClass }: Evaluation, limit: number): number[] {
  const mistakes = perClass.map(({ support, predicted }, i) => support + predicted - 2 * (confusionMatrix[i]?.[i] ?? 0));
  return mistakes
    .map((_, i) => i)
    .sort((a, b) => (mistakes[b] as number) - (mistakes[a] as number) || a - b)
    .slice(0, limit)
    .sort((a, b) => a - b);
}

/** Returns a letter code for an index: a, b, ..., z, aa, ab, ... */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
