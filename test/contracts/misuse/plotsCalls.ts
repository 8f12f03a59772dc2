import { evaluatePredictions, mostWrong } from '../../../src/evaluation/metrics/index.js';
import { modelSummary } from '../../../src/models/index.js';
import { scheduleChart } from '../../../src/plots/index.js';
import { planModel } from '../../../src/scaling/index.js';
import { patterned } from '../../support/patterned.js';
import type { BaseCalls } from './baseCall.js';
import { TINY, tinyModel } from './tinyModel.js';

const evaluation = evaluatePredictions(
  [
    [0.9, 0.1],
    [0.2, 0.8],
    [0.6, 0.4],
    [0.3, 0.7],
  ],
  [0, 1, 1, 1],
  { classNames: ['cat', 'dog'] },
);
const history = { loss: [2, 1], val_loss: [2.5, 1.5] };
const rate = (step: number): number => 0.1 * 0.9 ** step;
const chart = scheduleChart(rate, 5);
const url = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const contents = (): object => ({
  title: 'Pets',
  evaluation,
  before: evaluation,
  history,
  schedule: { rate, steps: 5 },
  plan: planModel(TINY),
  summary: modelSummary(tinyModel()),
  settings: { epochs: 2, seed: null },
  gallery: [{ row: mostWrong(evaluation, 1)[0], url, heatUrl: url }],
});

export const plotsCalls: BaseCalls = {
  classBalanceChart: {
    args: () => [
      ['cat', 'dog'],
      [1, 3],
    ],
  },
  classScoreChart: { args: () => [evaluation, { score: 'recall', maxClasses: 2 }] },
  compareCams: {
    args: () => [
      patterned(40, 32),
      [{ name: 'tiny', model: tinyModel() }],
      {
        opacity: 0.5,
        columns: 2,
        size: 20,
        layer: 'top_activation',
        target: 1,
        preprocessing: { inputSize: 32, fit: 'stretch' },
        method: 'gradCam++',
        smooth: 1,
        seed: 1,
      },
    ],
  },
  confusionChart: { args: () => [evaluation, { normalize: false, maxClasses: 2 }] },
  coverageChart: { args: () => [evaluation, { unknownThreshold: 0.5 }] },
  encodePng: { args: () => [patterned(4, 4)] },
  imageDataUrl: { args: () => [patterned(4, 4)] },
  imageGrid: { args: () => [[{ url, title: 'a cat', correct: true }], { columns: 2, size: 20 }] },
  planChart: { args: () => [planModel(TINY)] },
  precisionRecallChart: { args: () => [evaluation, { show: ['cat', 1] }] },
  reliabilityChart: { args: () => [evaluation] },
  renderPng: { args: () => [chart, { theme: 'dark', scale: 1 }] },
  renderSvg: { args: () => [chart, { theme: 'page' }] },
  reportData: { args: () => [contents()] },
  reportPage: { args: () => [contents()] },
  rocChart: { args: () => [evaluation, { show: ['cat', 1] }] },
  scheduleChart: { args: () => [rate, 5, { stepsPerEpoch: 2 }] },
  trainingChart: { args: () => [[{ name: 'head', history }], { metrics: ['loss'] }] },
};
