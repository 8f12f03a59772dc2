import { expect, test } from 'vitest';
import { renderSvg, scheduleChart, type ChartSpec } from '../../src/plots.js';
import { describeCharts, valuesOf } from './support/charts.js';

describeCharts([['schedule', () => scheduleChart((step) => 0.1 * 0.97 ** step, 1000, { stepsPerEpoch: 100 })]]);

test('a schedule that oscillates faster than pixels keeps its height', () => {
  const oscillation = (step: number): number => 0.1 * (1 + Math.cos((2 * Math.PI * step) / 50));
  const spec = scheduleChart(oscillation, 20_000);
  const values = valuesOf(spec);
  expect(spec.description).toMatch(/peaks at 0\.2,/);
  for (let part = 0; part < 400; part++) {
    const rates = values.filter(({ at }) => at! >= part * 50 && at! < (part + 1) * 50).map(({ rate }) => rate!);
    expect(Math.max(...rates)).toBeCloseTo(0.2, 12);
    expect(Math.min(...rates)).toBeCloseTo(0, 12);
  }
  for (const { at, rate } of values) expect(rate).toBe(oscillation(at!));
});

test('warm-ups, restarts and jumps of a schedule are drawn at their step', () => {
  const has = (spec: ChartSpec, at: number, rate: number): boolean =>
    valuesOf(spec).some((value) => value['at'] === at && value['rate'] === rate);
  const warm = scheduleChart((step) => (step < 3 ? (0.1 * step) / 3 : 0.1 * (1 - (step - 3) / 1e5)), 100_000, { stepsPerEpoch: 1000 });
  expect(has(warm, 0, 0) && has(warm, 0.003, 0.1)).toBe(true);
  const restarts = scheduleChart((step) => 0.1 * (1 - (step % 3001) / 3001), 20_000);
  for (let step = 0; step < 20_000; step += 3001) expect(has(restarts, step, 0.1)).toBe(true);
  const spike = scheduleChart((step) => (step === 77_777 ? 1 : 0.1), 1_000_000);
  expect(has(spike, 77_777, 1)).toBe(true);
});

test('one step is a point', async () => {
  expect((await renderSvg(scheduleChart(() => 0.01, 1))).match(/<path transform="translate\(230,0\)"/g)).toHaveLength(1);
});

test.each<[string, () => unknown]>([
  ['zero steps', () => scheduleChart(() => 1, 0)],
  ['a schedule that is not finite', () => scheduleChart((step) => 1 / (3 - step), 5)],
])('%s is refused', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
