import { expect, test } from 'vitest';
import { classBalanceChart, classScoreChart } from '../../src/plots.js';
import { describeCharts, ofEverySize } from './support/charts.js';

describeCharts([
  ...ofEverySize('scores', classScoreChart),
  ...ofEverySize('balance', ({ classNames, perClass }) =>
    classBalanceChart(
      classNames,
      perClass.map(({ support }) => support),
    ),
  ),
]);

test.each<[string, () => unknown]>([['counts that do not fit the names', () => classBalanceChart(['a', 'b'], [1])]])(
  '%s is refused in one sentence',
  (_, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  },
);
