// Builds the tables of the report page. reportPage.ts builds everything else.

import { counted } from '../chart.js';
import { escaped } from '../renderChart.js';
import type { ReportData } from './reportData.js';

/** Text, a number, or text that links to a part of the page. */
export type Cell = string | number | { readonly text: string; readonly href: string | undefined };

/** Builds a table that scrolls. The named columns contain text, the others numbers with the given number of digits. */
export function table(
  caption: string,
  columns: readonly (readonly [heading: string, digits: number | 'text'])[],
  rows: readonly (readonly Cell[])[],
  sortable = true,
): string {
  const heading = ([name, digits]: readonly [string, number | 'text']): string =>
    `<th scope="col"${digits === 'text' ? ' class="text"' : ''}>${sortable ? `<button type="button">${name}</button>` : name}</th>`;
  const cell = (value: Cell, column: number): string => {
    if (typeof value !== 'number') {
      const shown = typeof value === 'string' ? escaped(value) : linked(value);
      return column === 0 ? `<th scope="row">${shown}</th>` : `<td class="text">${shown}</td>`;
    }
    const digits = columns[column]?.[1];
    const shown = Number.isFinite(value)
      ? value.toLocaleString('en-US', typeof digits === 'number' ? { minimumFractionDigits: digits, maximumFractionDigits: digits } : {})
      : '–';
    return `<td data-value="${value}">${shown}</td>`;
  };
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}"><table>
<caption>${escaped(caption)}</caption>
<thead><tr>${columns.map(heading).join('')}</tr></thead>
<tbody>${rows.map((cells) => `<tr>${cells.map(cell).join('')}</tr>`).join('\n')}</tbody>
</table></div>`;
}

function linked({ text, href }: Exclude<Cell, string | number>): string {
  return href === undefined ? escaped(text) : `<a href="${escaped(href)}">${escaped(text)}</a>`;
}

export function classTable({ perClass }: ReportData): string {
  return table(
    'Scores per class. Select a heading to sort.',
    [
      ['class', 'text'],
      ['precision', 3],
      ['recall', 3],
      ['F1', 3],
      ['ROC AUC', 3],
      ['average precision', 3],
      ['support', 0],
    ],
    perClass.map((one) => [one.name, one.precision, one.recall, one.f1, one.auc, one.averagePrecision, one.support]),
  );
}

export function labelTable({ perClass }: ReportData): string {
  return table(
    'Scores per label at its threshold, and the threshold with the highest F1 on this data. Select a heading to sort.',
    [
      ['label', 'text'],
      ['precision', 3],
      ['recall', 3],
      ['F1', 3],
      ['ROC AUC', 3],
      ['average precision', 3],
      ['threshold', 3],
      ['best threshold', 3],
      ['support', 0],
    ],
    perClass.map((one) => [
      one.name,
      one.precision,
      one.recall,
      one.f1,
      one.auc,
      one.averagePrecision,
      one.decisions?.threshold ?? NaN,
      one.decisions?.bestThreshold ?? NaN,
      one.support,
    ]),
  );
}

/** Builds a table with the 2 x 2 confusion matrix of each label as a row. */
export function decisionTable({ perClass }: ReportData): string {
  return table(
    'Decisions per label, in samples. Select a heading to sort.',
    [
      ['label', 'text'],
      ['true positives', 0],
      ['false negatives', 0],
      ['false positives', 0],
      ['true negatives', 0],
    ],
    perClass.flatMap(({ name, decisions }): Cell[][] =>
      decisions === null
        ? []
        : [[name, decisions.truePositives, decisions.falseNegatives, decisions.falsePositives, decisions.trueNegatives]],
    ),
  );
}

export function pairsTable({ confusions }: ReportData): string {
  if (confusions.length === 0) return '<p>No sample was predicted as another class.</p>';
  const shown = confusions.slice(0, 50);
  return `<h3>Confused classes</h3>\n${table(
    `The ${counted(shown.length, 'most frequent confusion', 'most frequent confusions')}`,
    [
      ['true class', 'text'],
      ['predicted', 'text'],
      ['samples', 0],
      ['% of the true class', 1],
    ],
    shown.map(({ label, predicted, count, share }) => [label, predicted, count, 100 * share]),
  )}`;
}

export function modelTable({ name, batchSize, stages, total }: NonNullable<ReportData['model']>): string {
  const cells = (one: typeof total): Cell[] => [
    one.layers,
    one.parameters,
    one.trainable,
    one.multiplyAdds ?? NaN,
    one.activationBytes === null ? NaN : one.activationBytes / 2 ** 20,
  ];
  return table(
    `${name} by stage`,
    [
      ['stage', 'text'],
      ['output', 'text'],
      ['layers', 0],
      ['parameters', 0],
      ['trainable', 0],
      ['multiply-adds', 0],
      [`MiB of activations at batch ${batchSize}`, 1],
    ],
    [
      ...stages.map((one): Cell[] => [
        one.name,
        one.outputShape
          .slice(1)
          .map((side) => side ?? '?')
          .join(' × '),
        ...cells(one),
      ]),
      ['total', '', ...cells(total)],
    ],
    false,
  );
}
