// Builds the report as a single HTML page that loads no other files.

import type { Evaluation, MultiLabelEvaluation } from '../../evaluation/metrics/index.js';
import type { ChartSpec } from '../chart.js';
import { counted, percent } from '../chart.js';
import { classScoreChart } from '../classCharts.js';
import { confusionChart } from '../confusionChart.js';
import { precisionRecallChart, reliabilityChart, rocChart } from '../curveCharts.js';
import { planChart } from '../planChart.js';
import { drawSvg, escaped } from '../renderChart.js';
import { drawSchedule } from '../scheduleChart.js';
import { hasOnlyGaps } from '../metricHistory.js';
import { drawTraining } from '../trainingChart.js';
import { SCRIPT, securityPolicy, STYLE } from './pageParts.js';
import type { GalleryImage, ReportContents } from './reportContents.js';
import { reportDataFor, type ReportData } from './reportData.js';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/**
 * Builds a self-contained HTML page: summary, curves, sortable per-class table, confusion matrix, calibration, mistakes, model, settings.
 *
 * Requires the same packages as `renderSvg`. The page loads nothing, follows the reader's color scheme, and supports keyboards and screen
 * readers.
 *
 * @throws {OptionError} when the contents have an unknown key or a wrong value, or `before` is combined with a multi-label evaluation.
 * @throws {DataError} when `before` is an evaluation of other data, a history has no epoch, or the schedule returns a rate that is not
 *   finite.
 * @throws {MissingPackageError} when a package is not installed.
 * @example
 * await writeFile('report.html', await reportPage({ title: 'Clothes', evaluation }));
 */
export async function reportPage(contents: ReportContents): Promise<string> {
  return reportPageFor('reportPage', contents);
}

/** Same as {@link reportPage}, for the function that the user called. */
export async function reportPageFor(where: string, contents: ReportContents): Promise<string> {
  const data = reportDataFor(where, contents);
  const sections = await sectionsOf(where, contents, data);
  const title = escaped(contents.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${await securityPolicy()}">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#summary">Skip to the summary</a>
<header>
<h1>${title}</h1>
<p class="soft">${counted(data.samples, 'sample', 'samples')} of ${!data.multiLabel ? counted(data.classes, 'class', 'classes') : `${counted(data.classes, 'label', 'labels')}, any number of them a sample`}</p>
<nav aria-label="Sections"><ul>${sections.map((one) => `<li><a href="#${one.id}">${one.title}</a></li>`).join('')}</ul></nav>
</header>
<main>
${sections.map((one) => `<section id="${one.id}" aria-labelledby="${one.id}-title">\n<h2 id="${one.id}-title">${one.title}</h2>\n${one.html}\n</section>`).join('\n')}
</main>
<footer><p id="announce" role="status"></p><p>Made with effnet-ts. The same figures as data are in report.json beside this page.</p></footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

async function sectionsOf(
  where: string,
  { evaluation, history, schedule, plan, gallery = [] }: ReportContents,
  data: ReportData,
): Promise<Section[]> {
  let charts = 0;
  const draw = async (name: string, spec: ChartSpec): Promise<string> => {
    // The ids of clip paths must be unique across charts.
    const prefix = `c${charts++}-`;
    const svg = (await drawSvg(where, spec, { theme: 'page' }))
      .replace(/id="([^"]+)"/g, `id="${prefix}$1"`)
      .replace(/url\(#([^)]+)\)/g, `url(#${prefix}$1)`);
    return `<figure><div class="chart" tabindex="0" role="region" aria-label="Chart: ${name}">${svg}</div></figure>`;
  };
  const sections: Section[] = [{ id: 'summary', title: 'Summary', html: tiles(data) }];
  const add = (id: string, title: string, html: string): void => {
    sections.push({ id, title, html });
  };
  if (data.comparison !== null) add('comparison', 'Before and after', comparisonHtml(data.comparison));
  if (history !== undefined) {
    const isBroken = hasOnlyGaps(history);
    add(
      'training',
      'Training',
      isBroken ? '<p>No value of any epoch is finite: training diverged.</p>' : await draw('training', drawTraining(where, history)),
    );
  }
  if (schedule !== undefined)
    add('schedule', 'Learning rate', await draw('learning rate', drawSchedule(where, schedule.rate, schedule.steps)));
  const scores = `<h3>The scores as a chart</h3>\n${await draw('F1 by class', classScoreChart(evaluation))}`;
  if (!evaluation.multiLabel) {
    add('classes', 'Classes', `${classTable(data)}\n${scores}`);
    add('confusion', 'Confusion', `${await draw('confusion matrix', confusionChart(evaluation))}\n${pairsTable(data)}`);
  } else {
    add('classes', 'Labels', `${labelTable(data)}\n${scores}`);
    add('confusion', 'Decisions', decisionTable(data));
  }
  add('curves', 'Curves', await curves(evaluation, draw));
  if (!evaluation.multiLabel)
    add(
      'calibration',
      'Calibration',
      `<p>On the diagonal, a confidence of 80 % is right 8 times out of 10; ` +
        `below it the model is too sure, above it not sure enough.</p>\n${await draw('reliability', reliabilityChart(evaluation))}`,
    );
  if (gallery.length > 0) add('mistakes', 'Most wrong', galleryHtml(gallery));
  if (plan !== undefined || data.model !== null) {
    const picture = plan === undefined || plan.multiplyAdds === null ? '' : await draw('feature maps', planChart(plan));
    add('model', 'Model', `${data.model === null ? '' : modelTable(data.model)}\n${picture}`);
  }
  if (Object.keys(data.settings).length > 0) add('settings', 'Settings', settingsHtml(data.settings));
  return sections;
}

async function curves(
  evaluation: Evaluation | MultiLabelEvaluation,
  draw: (name: string, spec: ChartSpec) => Promise<string>,
): Promise<string> {
  const drawable = evaluation.perClass.some(({ support }) => support > 0 && support < evaluation.count);
  if (!drawable) return '<p>With one class in the data there is no curve to draw.</p>';
  return `<div class="charts">${await draw('ROC', rocChart(evaluation))}${await draw('precision and recall', precisionRecallChart(evaluation))}</div>`;
}

function tiles({ figures, accuracyInterval }: ReportData): string {
  const shares = new Set(['accuracy', 'balanced accuracy', 'all labels right', 'wrong decisions']);
  const items = Object.entries(figures).map(([name, value]) => {
    const isShare = shares.has(name) || name.startsWith('top-');
    const shown = Number.isNaN(value) ? 'not defined' : isShare ? percent(value) : value.toFixed(3);
    const interval =
      name === 'accuracy' && accuracyInterval !== null
        ? `<small>95 % between ${percent(accuracyInterval.low)} and ${percent(accuracyInterval.high)}</small>`
        : '';
    return `<div><dt>${escaped(name)}</dt><dd>${shown}${interval}</dd></div>`;
  });
  return `<dl class="tiles">${items.join('')}</dl>`;
}

function comparisonHtml({ accuracyGain, bothRight, bothWrong, fixed, broken, pValue }: NonNullable<ReportData['comparison']>): string {
  const points = `${accuracyGain >= 0 ? '+' : '−'}${Math.abs(100 * accuracyGain).toFixed(1)} points`;
  const p = pValue < 0.001 ? 'p < 0.001' : `p = ${pValue.toFixed(3)}`;
  const isSignificant = pValue < SIGNIFICANCE;
  const verdict = isSignificant
    ? 'significant at the 5 % level'
    : 'not significant at the 5 % level: a difference of this size can be chance';
  return (
    `<p>Accuracy <span${isSignificant ? ` class="${accuracyGain > 0 ? 'right' : 'wrong'}"` : ''}>${points}</span>: ` +
    `${counted(fixed, 'sample is', 'samples are')} newly right, ${counted(broken, 'is', 'are')} newly wrong, ` +
    `${bothRight} stayed right and ${bothWrong} stayed wrong (McNemar's exact test: ${p}, ${verdict}).</p>`
  );
}

/** Only differences with a p-value below this are colored as a gain or a loss. */
const SIGNIFICANCE = 0.05;

type Cell = string | number;

/** Builds a table that scrolls. The named columns contain text, the others numbers with the given number of digits. */
function table(
  caption: string,
  columns: readonly (readonly [heading: string, digits: number | 'text'])[],
  rows: readonly (readonly Cell[])[],
  sortable = true,
): string {
  const heading = ([name, digits]: readonly [string, number | 'text']): string =>
    `<th scope="col"${digits === 'text' ? ' class="text"' : ''}>${sortable ? `<button type="button">${name}</button>` : name}</th>`;
  const cell = (value: Cell, column: number): string => {
    if (typeof value === 'string')
      return column === 0 ? `<th scope="row">${escaped(value)}</th>` : `<td class="text">${escaped(value)}</td>`;
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

function classTable({ perClass }: ReportData): string {
  return table(
    'Scores of every class; press a heading to sort',
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

function labelTable({ perClass }: ReportData): string {
  return table(
    'Scores of every label at its threshold, and the threshold that had given the highest F1 here; press a heading to sort',
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
function decisionTable({ perClass }: ReportData): string {
  return table(
    'What was decided about every label, in samples; press a heading to sort',
    [
      ['label', 'text'],
      ['there, and found', 0],
      ['there, but missed', 0],
      ['not there, but claimed', 0],
      ['not there, and not claimed', 0],
    ],
    perClass.flatMap(({ name, decisions }): Cell[][] =>
      decisions === null
        ? []
        : [[name, decisions.truePositives, decisions.falseNegatives, decisions.falsePositives, decisions.trueNegatives]],
    ),
  );
}

function pairsTable({ confusions }: ReportData): string {
  if (confusions.length === 0) return '<p>No sample was taken for another class.</p>';
  const shown = confusions.slice(0, 50);
  return `<h3>Classes taken for one another</h3>\n${table(
    `The ${counted(shown.length, 'most frequent confusion', 'most frequent confusions')}`,
    [
      ['true class', 'text'],
      ['predicted', 'text'],
      ['samples', 0],
      ['share of the class in %', 1],
    ],
    shown.map(({ label, predicted, count, share }) => [label, predicted, count, 100 * share]),
  )}`;
}

function modelTable({ name, batchSize, stages, total }: NonNullable<ReportData['model']>): string {
  const figures = (one: typeof total): Cell[] => [
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
        ...figures(one),
      ]),
      ['total', '', ...figures(total)],
    ],
    false,
  );
}

function galleryHtml(gallery: readonly GalleryImage[]): string {
  const items = gallery.map(({ row: { file, label, predicted, probability, index }, url, heatUrl }) => {
    const name = file === '' ? `sample ${index}` : file;
    const heat =
      heatUrl === undefined ? '' : `<img src="${escaped(heatUrl)}" alt="The same image with what spoke for ${escaped(predicted)} marked">`;
    return (
      `<li><div class="pair"><img src="${escaped(url)}" alt="${escaped(name)}, ` +
      `a ${escaped(label)} taken for a ${escaped(predicted)}">${heat}</div><p><span class="wrong">${escaped(predicted)} ` +
      `${percent(probability)}</span>, truly ${escaped(label)}</p><p class="soft">${escaped(name)}</p></li>`
    );
  });
  return (
    `<p>Wrong predictions the model was surest of; ` +
    `wrong labels are often among them.</p>\n<ul class="gallery">${items.join('\n')}</ul>`
  );
}

function settingsHtml(settings: ReportData['settings']): string {
  return `<dl class="settings">${Object.entries(settings)
    .map(([name, value]) => `<dt class="soft">${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`)
    .join('')}</dl>`;
}
