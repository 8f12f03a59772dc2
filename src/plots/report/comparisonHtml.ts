// Builds the section of the report page that compares two evaluations.

import { counted } from '../chart.js';
import { escaped } from '../renderChart.js';
import type { ReportComparison, ReportData } from './reportData.js';
import type { ReportChange } from './reportMistakes.js';
import { table } from './reportTables.js';

/** Only differences with a p-value below this are colored as a gain or a loss. */
const SIGNIFICANCE = 0.05;
/** Maximum number of samples per list. The data has all. */
const LISTED = 200;

export function comparisonHtml(comparison: ReportComparison, { metrics }: ReportData): string {
  const { accuracyGain, bothRight, bothWrong, fixed, broken, pValue } = comparison;
  const points = `${accuracyGain >= 0 ? '+' : '−'}${Math.abs(100 * accuracyGain).toFixed(1)} points`;
  const p = pValue < 0.001 ? 'p < 0.001' : `p = ${pValue.toFixed(3)}`;
  const isSignificant = pValue < SIGNIFICANCE;
  const verdict = isSignificant
    ? 'significant at the 5 % level'
    : 'not significant at the 5 % level, so the difference may be due to chance';
  return (
    `<p>Accuracy <span${isSignificant ? ` class="${accuracyGain > 0 ? 'right' : 'wrong'}"` : ''}>${points}</span>: ` +
    `${counted(fixed.length, 'sample is', 'samples are')} now correct, ${counted(broken.length, 'is', 'are')} now wrong, ` +
    `${bothRight} remained correct and ${bothWrong} remained wrong (McNemar's exact test: ${p}, ${verdict}).</p>\n` +
    table(
      'Metrics of both evaluations',
      [
        ['metric', 'text'],
        ['before', 3],
        ['after', 3],
        ['difference', 3],
      ],
      Object.entries(comparison.metrics).map(([name, before]) => [name, before, metrics[name] ?? NaN, (metrics[name] ?? NaN) - before]),
      false,
    ) +
    listHtml('Now correct', fixed) +
    listHtml('Now wrong', broken)
  );
}

function listHtml(title: string, changes: readonly ReportChange[]): string {
  if (changes.length === 0) return '';
  const items = changes
    .slice(0, LISTED)
    .map(
      ({ file, index, label, before, after }) =>
        `<li>${escaped(file === '' ? `sample ${index}` : file)}: true class ${escaped(label)}, ` +
        `before ${escaped(before)}, after ${escaped(after)}</li>`,
    );
  const left = changes.length > LISTED ? `<li class="soft">and ${changes.length - LISTED} more in report.json</li>` : '';
  return `\n<details><summary>${title} <span class="soft">(${changes.length})</span></summary><ul class="names">${items.join('\n')}${left}</ul></details>`;
}
