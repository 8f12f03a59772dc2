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
import { classTable, decisionTable, labelTable, modelTable, pairsTable } from './reportTables.js';

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
<p class="soft">${counted(data.samples, 'sample', 'samples')} of ${!data.multiLabel ? counted(data.classes, 'class', 'classes') : `${counted(data.classes, 'label', 'labels')}, any number per sample`}</p>
<nav aria-label="Sections"><ul>${sections.map((one) => `<li><a href="#${one.id}">${one.title}</a></li>`).join('')}</ul></nav>
</header>
<main>
${sections.map((one) => `<section id="${one.id}" aria-labelledby="${one.id}-title">\n<h2 id="${one.id}-title">${one.title}</h2>\n${one.html}\n</section>`).join('\n')}
</main>
<footer><p id="announce" role="status"></p><p>Made with effnet-ts. The values are also in report.json in the same folder.</p></footer>
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
      isBroken ? '<p>The training diverged: no epoch has a finite value.</p>' : await draw('training', drawTraining(where, history)),
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
      `<p>On the diagonal, predictions with a confidence of 80 % are correct in 80 % of cases. ` +
        `Below it the model is overconfident, above it underconfident.</p>\n${await draw('reliability', reliabilityChart(evaluation))}`,
    );
  if (gallery.length > 0) add('mistakes', 'Most confident mistakes', galleryHtml(gallery));
  if (plan !== undefined || data.model !== null) {
    const chart = plan === undefined || plan.multiplyAdds === null ? '' : await draw('feature maps', planChart(plan));
    add('model', 'Model', `${data.model === null ? '' : modelTable(data.model)}\n${chart}`);
  }
  if (Object.keys(data.settings).length > 0) add('settings', 'Settings', settingsHtml(data.settings));
  return sections;
}

async function curves(
  evaluation: Evaluation | MultiLabelEvaluation,
  draw: (name: string, spec: ChartSpec) => Promise<string>,
): Promise<string> {
  const drawable = evaluation.perClass.some(({ support }) => support > 0 && support < evaluation.count);
  if (!drawable) return '<p>The data contains samples of only one class, so there are no curves.</p>';
  return `<div class="charts">${await draw('ROC', rocChart(evaluation))}${await draw('precision and recall', precisionRecallChart(evaluation))}</div>`;
}

function tiles({ metrics, accuracyInterval }: ReportData): string {
  const shares = new Set(['accuracy', 'balanced accuracy', 'subset accuracy', 'Hamming loss']);
  const items = Object.entries(metrics).map(([name, value]) => {
    const isShare = shares.has(name) || name.startsWith('top-');
    const shown = Number.isNaN(value) ? 'not defined' : isShare ? percent(value) : value.toFixed(3);
    const interval =
      name === 'accuracy' && accuracyInterval !== null
        ? `<small>95 % interval: ${percent(accuracyInterval.low)} to ${percent(accuracyInterval.high)}</small>`
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
    : 'not significant at the 5 % level, so the difference may be due to chance';
  return (
    `<p>Accuracy <span${isSignificant ? ` class="${accuracyGain > 0 ? 'right' : 'wrong'}"` : ''}>${points}</span>: ` +
    `${counted(fixed, 'sample is', 'samples are')} now correct, ${counted(broken, 'is', 'are')} now wrong, ` +
    `${bothRight} remained correct and ${bothWrong} remained wrong (McNemar's exact test: ${p}, ${verdict}).</p>`
  );
}

/** Only differences with a p-value below this are colored as a gain or a loss. */
const SIGNIFICANCE = 0.05;

function galleryHtml(gallery: readonly GalleryImage[]): string {
  const items = gallery.map(({ row: { file, label, predicted, probability, index }, url, heatUrl }) => {
    const name = file === '' ? `sample ${index}` : file;
    const heat =
      heatUrl === undefined ? '' : `<img src="${escaped(heatUrl)}" alt="The same image with a heat map of ${escaped(predicted)}">`;
    return (
      `<li><div class="pair"><img src="${escaped(url)}" alt="${escaped(name)}, ` +
      `${escaped(label)} predicted as ${escaped(predicted)}">${heat}</div><p><span class="wrong">${escaped(predicted)} ` +
      `${percent(probability)}</span>, true class ${escaped(label)}</p><p class="soft">${escaped(name)}</p></li>`
    );
  });
  return (
    `<p>The wrong predictions with the highest probability. ` +
    `They often include samples with wrong labels.</p>\n<ul class="gallery">${items.join('\n')}</ul>`
  );
}

function settingsHtml(settings: ReportData['settings']): string {
  return `<dl class="settings">${Object.entries(settings)
    .map(([name, value]) => `<dt class="soft">${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`)
    .join('')}</dl>`;
}
