// Draws docs/variants.svg from the two tables of docs/choosing-a-variant.md: accuracy against multiply-adds. A test checks that both
// agree.
// npx tsx scripts/drawVariants.ts

import { readFileSync, writeFileSync } from 'node:fs';
import { renderSvg, type ChartSpec } from '../src/plots.js';

export const PAGE = 'docs/choosing-a-variant.md';
export const PICTURE = 'docs/variants.svg';

interface Point {
  readonly name: string;
  readonly family: string;
  readonly multiplyAdds: number;
  readonly top1: number;
}

const FAMILIES = ['EfficientNet B', 'EfficientNet Lite', 'EfficientNet V2', 'others'];
const ROW = /^\| (?:`([\w-]+)`|\[([^\]]+)\]\([^)]*\)) \| \d+ \| [\d.]+ \| ([\d.]+) \| ([\d.]+) \|(?: `(\S+)` \|)?$/gm;
/** Checkpoints trained on more images than ImageNet are left out, because they are not comparable. */
const MORE_DATA = /ns_jft|in21k/;

function pointsOf(page: string): Point[] {
  return [...page.matchAll(ROW)].flatMap(([, variant, other, multiplyAdds, top1, checkpoint = '']): Point[] => {
    if (MORE_DATA.test(checkpoint)) return [];
    const family =
      variant === undefined
        ? 'others'
        : variant.startsWith('lite')
          ? 'EfficientNet Lite'
          : variant.startsWith('v2')
            ? 'EfficientNet V2'
            : 'EfficientNet B';
    return [{ name: (variant ?? other ?? '').replace(/^v2-/, ''), family, multiplyAdds: Number(multiplyAdds), top1: Number(top1) }];
  });
}

function variantsChart(page: string): ChartSpec {
  const values = pointsOf(page);
  const position = {
    x: {
      field: 'multiplyAdds',
      type: 'quantitative',
      title: 'multiply-adds per image, billions (logarithmic)',
      scale: { type: 'log', domain: [0.15, 100] },
      axis: { values: [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100], format: '~g' },
    },
    y: { field: 'top1', type: 'quantitative', title: 'ImageNet top-1, %', scale: { domain: [68, 87], zero: false } },
  };
  const color = {
    field: 'family',
    type: 'nominal',
    title: null,
    sort: FAMILIES,
    scale: { domain: FAMILIES, range: ['#3b7dd8', '#2e8540', '#c8641b', '#808790'] },
    legend: { orient: 'bottom' },
  };
  const isOurs = { filter: "datum.family !== 'others'" };
  // The curves are close together, so each name is on the side without another curve.
  const names = (filter: string, dx: number, dy: number, align = 'center'): object => ({
    transform: [{ filter }],
    mark: { type: 'text', dx, dy, align, fontSize: 10 },
    encoding: { ...position, color, text: { field: 'name', type: 'nominal' } },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description:
      `Published top-1 accuracy against multiply-adds of ${values.length} networks trained on ImageNet alone; ` +
      `the curves of EfficientNet lie above the others.`,
    width: 560,
    height: 360,
    data: { values },
    layer: [
      {
        transform: [isOurs],
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: { ...position, color, order: { field: 'multiplyAdds', type: 'quantitative' } },
      },
      { mark: { type: 'point', filled: true, size: 45, opacity: 1 }, encoding: { ...position, color } },
      names("datum.family === 'EfficientNet B' && datum.multiplyAdds < 5", -4, -9),
      names("datum.family === 'EfficientNet B' && datum.multiplyAdds > 5", 8, 11),
      names("datum.family === 'EfficientNet V2' && datum.multiplyAdds < 5", 10, 10),
      names("datum.family === 'EfficientNet V2' && datum.multiplyAdds > 5", 0, -9),
      names("datum.family === 'EfficientNet Lite'", 16, 11),
      names("datum.family === 'others'", 7, 1, 'left'),
    ],
  } as unknown as ChartSpec;
}

/** Draws the chart of the tables. */
export function drawVariants(page: string): Promise<string> {
  return renderSvg(variantsChart(page));
}

if (process.argv[1] === import.meta.filename) writeFileSync(PICTURE, `${await drawVariants(readFileSync(PAGE, 'utf8'))}\n`);
