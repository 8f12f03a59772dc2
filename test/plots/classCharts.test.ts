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

test.each<[string, () => unknown]>([['a different number of counts and names', () => classBalanceChart(['a', 'b'], [1])]])(
  '%s is refused',
  (_, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  },
);
