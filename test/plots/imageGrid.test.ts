import { expect, test } from 'vitest';
import { imageGrid, renderPng, renderSvg } from '../../src/plots.js';
import { describeCharts } from './support/charts.js';

const pixel = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test('titles of two lines get a taller header, and a comma for screen readers', () => {
  const heightOf = (title: string): unknown => (imageGrid([{ url: pixel, title }]) as unknown as { height: number }).height;
  expect(imageGrid([{ url: pixel, title: 'panda\ncat' }]).description).toBe('1 image: panda, cat.');
  expect([heightOf('panda'), heightOf('panda\ncat')]).toEqual([194, 208]);
});

describeCharts([
  [
    'grid',
    () =>
      imageGrid([
        { url: pixel, title: 'panda', correct: true },
        { url: pixel, title: 'cat', correct: false },
        { url: pixel, title: 'dog' },
      ]),
  ],
  [
    'grid with titles of two lines',
    () =>
      imageGrid([
        { url: pixel, title: 'panda 0.96\ntrue: panda', correct: true },
        { url: pixel, title: 'dog' },
      ]),
  ],
]);

test.each<[string, () => unknown]>([
  ['no image', () => imageGrid([])],
  ['the URL of a file', () => imageGrid([{ url: 'file:///images/cat.jpg', title: 'cat' }])],
  ['a path of Windows', () => imageGrid([{ url: 'C:\\images\\cat.jpg', title: 'cat' }])],
  ['a script', () => imageGrid([{ url: 'javascript:alert(1)', title: 'cat' }])],
])('%s is refused', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});

test.each(['https://example.com/cat.jpg', 'images/cat.jpg', '/images/cat.jpg'])('%s is drawn as SVG, but refused for PNG', async (url) => {
  const spec = imageGrid([{ url, title: 'cat' }]);
  expect(await renderSvg(spec)).toContain(`href="${url}"`);
  await expect(renderPng(spec)).rejects.toThrow(
    `renderPng: expected only images with \`data:\` URLs in \`chart\`, received '${url}'. Other images are not loaded: ` +
      'pass `await imageDataUrl(image)`, or draw the chart as SVG.',
  );
  expect((await renderPng(imageGrid([{ url: pixel, title: 'cat' }]))).length).toBeGreaterThan(0);
});
