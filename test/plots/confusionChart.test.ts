import { expect, test } from 'vitest';
import { confusionChart, renderSvg } from '../../src/plots.js';
import { describeCharts, ofEverySize, ten, thousand, valuesOf } from './support/charts.js';

describeCharts(ofEverySize('confusion', confusionChart));

test('the confusion chart shows every count that is not zero', async () => {
  const svg = await renderSvg(confusionChart(ten));
  const printed = [...svg.matchAll(/<text[^>]*>(\d+)<\/text>/g)].map(([, count]) => Number(count)).sort((a, b) => a - b);
  expect(printed).toEqual(
    ten.confusionMatrix
      .flatMap((row) => [...row])
      .filter((count) => count > 0)
      .sort((a, b) => a - b),
  );
  expect(svg).toContain('class &lt;3&gt;');
});

test('of a thousand classes, only those with the most mistakes are drawn, and the subtitle says so', async () => {
  const svg = await renderSvg(confusionChart(thousand));
  expect(svg).toContain('The 40 of 1,000 classes with the most mistakes');
  expect(svg.match(/>class &lt;/g)).toHaveLength(80);
});

test('the whole confusion matrix of hundreds of classes can be drawn, without its empty cells', async () => {
  const spec = confusionChart(thousand, { maxClasses: 400, normalize: false });
  const counts = valuesOf(spec).map(({ count }) => count);
  expect(counts.every((count) => count! > 0)).toBe(true);
  const svg = await renderSvg(spec);
  expect(svg.match(/>class &lt;/g)).toHaveLength(800);
  expect(() => confusionChart(thousand, { maxClasses: 1000 })).not.toThrow();
});

test.each<[string, () => unknown]>([['an unknown option', () => confusionChart(ten, { size: 3 } as never)]])('%s is refused', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
