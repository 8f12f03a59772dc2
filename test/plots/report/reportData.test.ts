import { expect, test } from 'vitest';
import { evaluatePredictions, mostWrong } from '../../../src/evaluation/metrics/index.js';
import { imageGrid, precisionRecallChart, reportData, reportPage } from '../../../src/plots.js';
import { ten, two } from '../support/charts.js';

const pixel = 'data:image/png;base64,iVBORw0KGgo=';

test.each<[string, () => unknown, string]>([
  [
    'a class without samples',
    () => precisionRecallChart(evaluatePredictions([[0.9, 0.1]], [0]), { show: [1] }),
    "precisionRecallChart: expected samples that belong to '1' and samples that do not, received none that do.",
  ],
  [
    'an image with an unknown key',
    () => imageGrid([{ url: pixel, title: 'cat', right: true } as never]),
    'imageGrid: expected one of the options `images[0].url`, `images[0].title`, `images[0].correct`, received `images[0].right`.',
  ],
  [
    'a report of a history without epochs',
    () => reportData({ title: 'Pets', evaluation: two, history: [] }),
    'reportData: expected a history with at least one epoch, received none.',
  ],
  [
    'a report with a gallery that loads images',
    () => reportData({ title: 'Pets', evaluation: two, gallery: [{ row: mostWrong(ten, 1)[0]!, url: 'https://example.com/cat.jpg' }] }),
    "reportData: expected a `data:` URL for `gallery[0].url`, received 'https://example.com/cat.jpg'.",
  ],
])('%s is refused', (_, act, message) => {
  expect(act).toThrow(message);
});

test('the error for a schedule that is not finite begins with the name of the report function', async () => {
  const contents = { title: 'Pets', evaluation: two, schedule: { rate: (step: number) => 1 / (1 - step), steps: 3 } };
  await expect(reportPage(contents)).rejects.toThrow('reportPage: expected a schedule of finite rates, received Infinity at step 1.');
});
