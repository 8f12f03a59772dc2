import { expect, test } from 'vitest';
import { planModel } from '../../src/scaling/index.js';
import { planChart } from '../../src/plots.js';
import { describeCharts } from './support/charts.js';

describeCharts([['plan', () => planChart(planModel('b7'))]]);

test.each<[string, () => unknown]>([['a plan with a variable input size', () => planChart(planModel('b0', { inputSize: null }))]])(
  '%s is refused',
  (_, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  },
);
