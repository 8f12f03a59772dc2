import sharp from 'sharp';
import { afterEach, expect, test, vi } from 'vitest';
import { planModel } from '../../src/scaling/index.js';
import { confusionChart, planChart, reliabilityChart, renderPng, renderSvg, scheduleChart } from '../../src/plots.js';
import { ten, two } from './support/charts.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('charts are drawn where creating code from strings is not allowed', async () => {
  const refuse = function Function(): never {
    throw new EvalError('code generation from strings');
  };
  vi.stubGlobal('Function', refuse);
  await expect(renderSvg(confusionChart(two))).resolves.toContain('<svg');
});

test('a PNG too large for sharp is refused with the size', async () => {
  await expect(
    renderPng(
      scheduleChart(() => 1, 2),
      { scale: 400 },
    ),
  ).rejects.toThrow(/^renderPng: expected a chart that sharp can draw, received one of \d+ x \d+ units at `scale` 400: /);
});

test('the themes differ in the colors of text and background, and the page theme inherits the text color', async () => {
  const spec = planChart(planModel('b0'));
  expect(await renderSvg(spec, { theme: 'light' })).toContain('fill="#ffffff"');
  expect(await renderSvg(spec, { theme: 'dark' })).toContain('fill="#15181d"');
  expect(await renderSvg(spec, { theme: 'page' })).toContain('fill="currentColor"');
});

test('a PNG has the requested size and is not blank', async () => {
  const spec = reliabilityChart(ten);
  const [one, two] = await Promise.all([1, 2].map(async (scale) => sharp(await renderPng(spec, { scale })).metadata()));
  expect(two!.width / one!.width).toBeCloseTo(2, 1);
  const { channels } = await sharp(await renderPng(spec)).stats();
  expect(channels[0]!.stdev).toBeGreaterThan(10);
});

test('a value that is not a chart is refused', async () => {
  await expect(renderSvg({})).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: renderSvg: expected a Vega-Lite specification for \`chart\`, received {  }.]`,
  );
  await expect(renderSvg({ $schema: 'x', mark: 'bar', data: { values: [] }, transform: [{ calculate: '(((', as: 'a' }] })).rejects.toThrow(
    /renderSvg: expected a specification that Vega can draw/,
  );
});

test('onWarning receives the warnings of Vega-Lite instead of the console', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const chart = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    data: { values: [{ a: 1 }] },
    mark: 'bar',
    encoding: { x: { field: 'a', type: 'quantitative' }, y: {} },
  };
  const onWarning = vi.fn();
  await renderSvg(chart, { onWarning });
  expect(onWarning.mock.calls).toEqual([[expect.stringMatching(/^Dropping \{\} from channel "y"/)]]);
  expect(warn).not.toHaveBeenCalled();
  await renderSvg(chart);
  expect(warn).toHaveBeenCalledTimes(1);
});
