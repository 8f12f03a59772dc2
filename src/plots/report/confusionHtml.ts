// Builds the confusion matrix of the report page as a table. Each cell with mistakes opens their images.

import type { Evaluation } from '../../evaluation/metrics/index.js';
import { mostMistaken, uniqueNames } from '../../evaluation/metrics/internal.js';
import { counted } from '../chart.js';
import { escaped } from '../renderChart.js';
import { pairId } from './mistakesHtml.js';

const MAX_CLASSES = 40;
/** Number of shades of a cell. */
const SHADES = 4;

/** @param linked - The pairs of classes whose mistakes are on the page. */
export function confusionHtml(evaluation: Evaluation, linked: ReadonlySet<string>): string {
  const { confusionMatrix, perClass, classNames } = evaluation;
  const shown = mostMistaken(evaluation, MAX_CLASSES);
  const names = uniqueNames(classNames);
  const nameOf = (column: number): string => escaped(names[column] as string);
  const cell = (truth: number, guess: number): string => {
    const count = confusionMatrix[truth]?.[guess] ?? 0;
    if (count === 0) return '<td></td>';
    const share = count / Math.max(1, perClass[truth]?.support ?? 0);
    const shade = `${truth === guess ? 'hit' : 'miss'}${Math.min(SHADES, 1 + Math.floor(SHADES * Math.sqrt(share) * 0.999))}`;
    const id = pairId(truth, guess);
    const text =
      truth === guess || !linked.has(id)
        ? String(count)
        : `<a href="#${id}" title="${nameOf(truth)} predicted as ${nameOf(guess)}">${count}</a>`;
    return `<td class="${shade}">${text}</td>`;
  };
  const subset =
    shown.length === classNames.length
      ? ''
      : ` The ${shown.length} of ${counted(classNames.length, 'class', 'classes')} with the most mistakes are shown.`;
  const about = `Rows are true classes, columns are predicted classes. Select a number to see its mistakes.${subset}`;
  return `<p>${about}</p>
<div class="scroll matrix" tabindex="0" role="region" aria-label="Confusion matrix"><table>
<thead><tr><th scope="col">true \\ predicted</th>${shown.map((guess) => `<th scope="col"><span>${nameOf(guess)}</span></th>`).join('')}</tr></thead>
<tbody>${shown.map((truth) => `<tr><th scope="row">${nameOf(truth)}</th>${shown.map((guess) => cell(truth, guess)).join('')}</tr>`).join('\n')}</tbody>
</table></div>`;
}
