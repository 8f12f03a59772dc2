// Evaluations to draw, and tests that every chart must pass.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { evaluatePredictions, type Evaluation } from '../../../src/evaluation/metrics/index.js';
import { renderSvg, type ChartSpec } from '../../../src/plots.js';

/** Returns the evaluation of a classifier that is mostly correct. */
function evaluationOf(classes: number, samples = 4 * classes): Evaluation {
  const random = createRandom(classes);
  const probabilities = Array.from({ length: samples }, (_, i) => {
    const row = Array.from({ length: classes }, (__, j) => Math.exp(random.normal() + (j === i % classes ? 3 : 0)));
    const sum = row.reduce((a, b) => a + b);
    return row.map((value) => value / sum);
  });
  const classNames = Array.from({ length: classes }, (_, i) => `class <${i}>`);
  return evaluatePredictions(
    probabilities,
    probabilities.map((_, i) => i % classes),
    { classNames },
  );
}

export const two = evaluationOf(2, 40);
export const ten = evaluationOf(10);
export const thousand = evaluationOf(1000, 2000);

type NamedChart = readonly [name: string, make: () => ChartSpec];

/** Returns charts of 2, 10 and 1000 classes. */
export function ofEverySize(name: string, chart: (evaluation: Evaluation) => ChartSpec): NamedChart[] {
  return [two, ten, thousand].map((evaluation) => [`${name} of ${evaluation.classNames.length} classes`, () => chart(evaluation)]);
}

/** Runs the tests that every chart must pass. */
export function describeCharts(charts: readonly NamedChart[]): void {
  describe.each(charts)('the %s chart', (_, make) => {
    afterEach(() => {
      vi.restoreAllMocks();
    });

    test('is plain data with a description, and its SVG is drawn without warnings and smaller than a megabyte', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const spec = make();
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
      expect(spec.description).toMatch(/^[^\n]{20,}\.$/);
      const svg = await renderSvg(spec);
      expect(svg).toMatch(/^<svg role="img" aria-label="[^"<]{20,}" /);
      expect(svg).not.toMatch(/ style=|<script|NaN|undefined/);
      expect(svg.length).toBeLessThan(1e6);
      expect(warn).not.toHaveBeenCalled();
    });
  });
}

/** Returns the lines of a chart: for each path of this color the points of each of its unbroken parts, in pixels. */
export async function linesOf(spec: ChartSpec, color = '#3b7dd8'): Promise<[number, number][][]> {
  return [...(await renderSvg(spec)).matchAll(/<path d="(M[^"A]*)" stroke="([^"]+)" stroke-width="2"/g)]
    .filter(([, , stroke]) => stroke === color)
    .flatMap(([, path]) => path!.split('M').filter(Boolean))
    .map((part) =>
      part
        .replace('Z', '')
        .split('L')
        .map((point) => point.split(',').map(Number) as [number, number]),
    );
}

/** Returns the rows of data that a chart draws. */
export function valuesOf(spec: ChartSpec): Record<string, number>[] {
  return (spec as unknown as { data: { values: Record<string, number>[] } }).data.values;
}
