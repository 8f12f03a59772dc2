// Builds the sections of the report page that show images: mistakes by pair of classes, suspected labels, and findings.

import { counted, percent } from '../chart.js';
import { escaped } from '../renderChart.js';
import type { GalleryImage } from './reportContents.js';
import type { ReportData } from './reportData.js';
import type { ReportMistake } from './reportMistakes.js';
import { table } from './reportTables.js';

/** Maximum number of mistakes on the page. */
const SHOWN = 1000;

/** Returns the id of the mistakes of two classes. */
export function pairId(labelIndex: number, predictedIndex: number): string {
  return `pair-${labelIndex}-${predictedIndex}`;
}

/** Returns which pairs of classes have mistakes on the page. */
export function shownPairs({ mistakes }: ReportData): ReadonlySet<string> {
  return new Set(mistakes.slice(0, SHOWN).map(({ labelIndex, predictedIndex }) => pairId(labelIndex, predictedIndex)));
}

/** Builds the mistakes, grouped by true and predicted class, the most frequent pair first. */
export function mistakesHtml(data: ReportData, gallery: readonly GalleryImage[]): string {
  const shown = data.mistakes.slice(0, SHOWN);
  const groups = new Map<string, ReportMistake[]>();
  for (const mistake of shown) {
    // The decisions about one label of a multi-label evaluation have the same indices. Their names differ.
    const key = `${pairId(mistake.labelIndex, mistake.predictedIndex)} ${data.multiLabel ? mistake.predicted : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), mistake]);
  }
  const images = new Map(gallery.map((image) => [keyOf(image.row), image]));
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const total = data.mistakes.length;
  const part = shown.length < total ? ` The ${counted(shown.length, 'most confident is', 'most confident are')} shown.` : '';
  const withoutImage = shown.filter((mistake) => !images.has(keyOf(mistake))).length;
  const names = gallery.length === 0 || withoutImage === 0 ? '' : ` ${counted(withoutImage, 'is', 'are')} listed without an image.`;
  return (
    `<p>${counted(total, 'wrong prediction', 'wrong predictions')}, by true and predicted class. The most confident ones often have wrong ` +
    `labels.${part}${names}</p>\n${sorted.map((group, i) => groupHtml(group, images, i === 0)).join('\n')}`
  );
}

function groupHtml(group: readonly ReportMistake[], images: ReadonlyMap<string, GalleryImage>, isOpen: boolean): string {
  const { label, predicted, labelIndex, predictedIndex } = group[0] as ReportMistake;
  const pictures = group.filter((mistake) => images.has(keyOf(mistake)));
  const rest = group.filter((mistake) => !images.has(keyOf(mistake)));
  const cards = pictures.map((mistake) => cardHtml(mistake, images.get(keyOf(mistake)) as GalleryImage));
  const lines = rest.map((mistake) => `<li id="${idOf(mistake)}">${nameHtml(mistake)}: ${answerHtml(mistake)}</li>`);
  return (
    `<details${isOpen ? ' open' : ''}><summary>${escaped(label)} predicted as ${escaped(predicted)} ` +
    `<span class="soft">(${group.length.toLocaleString('en-US')})</span></summary><div id="${pairId(labelIndex, predictedIndex)}">` +
    (cards.length === 0 ? '' : `<ul class="gallery">${cards.join('\n')}</ul>`) +
    (lines.length === 0 ? '' : `<ul class="names">${lines.join('\n')}</ul>`) +
    '</div></details>'
  );
}

function cardHtml(mistake: ReportMistake, { url, heatUrl, labelHeatUrl }: GalleryImage): string {
  const { file, index, label, predicted } = mistake;
  const name = file === '' ? `sample ${index}` : file;
  const heat = (source: string | undefined, of: string): string =>
    source === undefined
      ? ''
      : `<figure><img src="${escaped(source)}" alt="The same image with a heat map of ${escaped(of)}"><figcaption>${escaped(of)}</figcaption></figure>`;
  return (
    `<li id="${idOf(mistake)}"><div class="pair"><figure><img src="${escaped(url)}" alt="${escaped(name)}, ${escaped(label)} predicted as ` +
    `${escaped(predicted)}">${heatUrl === undefined ? '' : '<figcaption>image</figcaption>'}</figure>${heat(heatUrl, predicted)}${heat(labelHeatUrl, label)}</div>` +
    `<p>${answerHtml(mistake)}</p><p class="soft">${escaped(name)}</p></li>`
  );
}

function answerHtml({ predicted, probability, label, runnerUp, runnerUpProbability, labelProbability }: ReportMistake): string {
  const truth = labelProbability === null ? '' : ` ${percent(labelProbability)}`;
  const second = runnerUp === null || runnerUp === label ? '' : `, runner-up ${escaped(runnerUp)} ${percent(runnerUpProbability ?? 0)}`;
  return `<span class="wrong">${escaped(predicted)} ${percent(probability)}</span>, true class ${escaped(label)}${truth}${second}`;
}

function nameHtml({ file, index }: { readonly file: string; readonly index: number }): string {
  return escaped(file === '' ? `sample ${index}` : file);
}

/** A sample of a multi-label evaluation can have several mistakes. */
function keyOf({ index, predicted }: { readonly index: number; readonly predicted: string }): string {
  return `${index} ${predicted}`;
}

function idOf({ index, predictedIndex }: ReportMistake): string {
  return `mistake-${index}-${predictedIndex}`;
}

/** Maximum number of suspected labels, and of images per finding, on the page. The data has all. */
const LISTED = 200;

export function suspectsHtml({ suspects, mistakes }: ReportData): string {
  if (suspects.length === 0) return '<p>No label is suspicious.</p>';
  const shown = suspects.slice(0, LISTED);
  const linked = new Map(mistakes.slice(0, SHOWN).map((mistake) => [mistake.index, idOf(mistake)]));
  return (
    `<p>For these samples, another class is as probable as it usually is for its own samples. Look at each, and correct the label or remove ` +
    `the sample. Select a name to see the prediction. This requires predictions for images that the model was not trained on.</p>\n` +
    table(
      `${shown.length === suspects.length ? 'Suspected labels' : `The ${shown.length} most suspicious of ${suspects.length} labels`}, most suspicious first`,
      [
        ['sample', 'text'],
        ['label', 'text'],
        ['suggested', 'text'],
        ['probability of the label', 3],
      ],
      shown.map(({ index, file, label, suggested, quality }) => [
        { text: file === '' ? `sample ${index}` : file, href: linked.has(index) ? `#${linked.get(index)}` : undefined },
        label,
        suggested,
        quality,
      ]),
    )
  );
}

export function findingsHtml({ findings }: ReportData): string {
  return findings
    .map(({ kind, advice, images }) => {
      const items = images.slice(0, LISTED).map(({ origin, label, suggested }) => {
        const about = [label === undefined ? '' : `labeled ${label}`, suggested === undefined ? '' : `perhaps ${suggested}`].filter(
          Boolean,
        );
        return `<li>${escaped([origin, ...about].join(', '))}</li>`;
      });
      const left = images.length > LISTED ? `<li class="soft">and ${images.length - LISTED} more in report.json</li>` : '';
      return (
        `<details><summary>${escaped(kind)} <span class="soft">(${counted(images.length, 'image', 'images')})</span></summary>` +
        `<p>${escaped(advice)}</p><ul class="names">${items.join('\n')}${left}</ul></details>`
      );
    })
    .join('\n');
}
