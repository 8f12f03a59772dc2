// Builds the report as a single HTML page that loads no other files.

import type { Evaluation, MultiLabelEvaluation } from '../../evaluation/metrics/index.js';
import type { ChartSpec } from '../chart.js';
import { counted, percent } from '../chart.js';
import { classBalanceChart, classScoreChart } from '../classCharts.js';
import { coverageChart } from '../coverageChart.js';
import { precisionRecallChart, reliabilityChart, rocChart } from '../curveCharts.js';
import { planChart } from '../planChart.js';
import { drawSvg, escaped } from '../renderChart.js';
import { drawSchedule } from '../scheduleChart.js';
import { hasOnlyGaps } from '../metricHistory.js';
import { drawTraining } from '../trainingChart.js';
import { SCRIPT, securityPolicy, STYLE } from './pageParts.js';
import { comparisonHtml } from './comparisonHtml.js';
import { confusionHtml } from './confusionHtml.js';
import { findingsHtml, mistakesHtml, shownPairs, suspectsHtml } from './mistakesHtml.js';
import type { ReportContents } from './reportContents.js';
import { reportDataFor, type ReportData } from './reportData.js';
import type { ReportUnknown } from './reportUnknown.js';
import { classTable, decisionTable, labelTable, modelTable, pairsTable } from './reportTables.js';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/**
 * Builds a self-contained HTML page: summary with advice, comparison, sortable per-class table, confusion matrix whose cells open their
 * images, mistakes, suspected labels, findings, curves, coverage, calibration, model and settings.
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
  { evaluation, history, schedule, plan, unknownThreshold, gallery = [] }: ReportContents,
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
  const sections: Section[] = [{ id: 'summary', title: 'Summary', html: `${adviceHtml(data)}${tiles(data)}` }];
  const add = (id: string, title: string, html: string): void => {
    sections.push({ id, title, html });
  };
  if (data.comparison !== null) add('comparison', 'Before and after', comparisonHtml(data.comparison, data));
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
    const counts = evaluation.perClass.map(({ support }) => support);
    const balance = `<h3>Class balance</h3>\n${await draw('samples by class', classBalanceChart(evaluation.classNames, counts))}`;
    add('classes', 'Classes', `${classTable(data)}\n<div class="charts"><div>${scores}</div><div>${balance}</div></div>`);
    add('confusion', 'Confusion', `${confusionHtml(evaluation, shownPairs(data))}\n${pairsTable(data)}`);
  } else {
    add('classes', 'Labels', `${labelTable(data)}\n${scores}`);
    add('confusion', 'Decisions', decisionTable(data));
  }
  if (data.mistakes.length > 0) add('mistakes', 'Mistakes', mistakesHtml(data, gallery));
  if (!evaluation.multiLabel) add('suspects', 'Suspected labels', suspectsHtml(data));
  if (data.findings.length > 0) add('findings', 'Findings in the data', findingsHtml(data));
  add('curves', 'Curves', await curves(evaluation, draw));
  if (!evaluation.multiLabel && data.unknown !== null) {
    const chart = await draw('accuracy by coverage', coverageChart(evaluation, { unknownThreshold }));
    add('unknown', 'None of these', `${unknownHtml(data.unknown)}\n${chart}`);
  }
  if (!evaluation.multiLabel)
    add(
      'calibration',
      'Calibration',
      `<p>On the diagonal, predictions with a confidence of 80 % are correct in 80 % of cases. ` +
        `Below it the model is overconfident, above it underconfident.</p>\n${await draw('reliability', reliabilityChart(evaluation))}`,
    );
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

function adviceHtml({ advice }: ReportData): string {
  return advice.length === 0 ? '' : `<ol class="advice">${advice.map((sentence) => `<li>${escaped(sentence)}</li>`).join('')}</ol>`;
}

function unknownHtml({ coverage, threshold, separation, accepted }: ReportUnknown): string {
  const sentences = [
    coverage === 0
      ? 'At no confidence are 95 % of the answers correct.'
      : `If only the most confident ${percent(coverage)} of the images get an answer, at most 5 % of the answers are wrong.`,
    ...(separation === null
      ? []
      : [
          `Images of other things: the area under the ROC curve (AUROC) of the confidence is ${separation.auc.toFixed(3)}, and ` +
            `${percent(separation.falsePositiveRate95)} of them are accepted where 95 % of the known images are.`,
        ]),
    ...(threshold === null || accepted === null
      ? []
      : [`${percent(accepted)} of them reach the threshold ${threshold.toFixed(3)}, so they are not recognized as unknown.`]),
  ];
  return `<p>${sentences.join(' ')}</p>`;
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

function settingsHtml(settings: ReportData['settings']): string {
  return `<dl class="settings">${Object.entries(settings)
    .map(([name, value]) => `<dt class="soft">${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`)
    .join('')}</dl>`;
}
