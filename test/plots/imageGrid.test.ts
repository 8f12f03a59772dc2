import { expect, test } from 'vitest';
import { imageGrid } from '../../src/plots.js';
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

test.each<[string, () => unknown]>([['no image', () => imageGrid([])]])('%s is refused in one sentence', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
