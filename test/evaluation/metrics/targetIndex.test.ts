import { expect, test } from 'vitest';
import {
  classificationReport,
  confusionTable,
  evaluatePredictions,
  precisionRecallCurve,
  rocCurve,
} from '../../../src/evaluation/metrics/index.js';
import { targetIndex } from '../../../src/evaluation/metrics/targetIndex.js';
import { IMAGENET_CLASS_NAMES } from '../../../src/imagenet.js';
import { rocChart } from '../../../src/plots.js';

const evaluation = evaluatePredictions(
  [
    [0.8, 0.1, 0.1],
    [0.1, 0.8, 0.1],
    [0.1, 0.7, 0.2],
  ],
  [0, 1, 2],
  { classNames: ['crane', 'owl', 'crane'] },
);

test('a name of several classes is refused with their indices', () => {
  expect(() => rocCurve(evaluation, 'crane')).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: rocCurve: expected the name of a single class for \`target\`, received 'crane'. Several classes have this name: pass one of the indices 0, 2.]`,
  );
  expect(() => precisionRecallCurve(evaluation, 'crane')).toThrow("for `target`, received 'crane'.");
  expect(() => rocChart(evaluation, { show: ['owl', 'crane'] })).toThrow('rocChart: expected the name of a single class for `show[1]`');
  expect(rocCurve(evaluation, 2).auc).toBe(1);
  expect(rocCurve(evaluation, 'owl').auc).toBe(1);
  expect(() => targetIndex('gradCam', 'target', 'crane', 1000, IMAGENET_CLASS_NAMES)).toThrow('pass one of the indices 134, 517.');
});

test('an unknown class is refused with the known ones', () => {
  expect(() => targetIndex('f', 'target', 2, 2, undefined)).toThrow('f: expected an index below 2 for `target`, received 2.');
  expect(() => targetIndex('f', 'target', 'a', 2, undefined)).toThrow("f: expected an index below 2 for `target`, received 'a'.");
  expect(() => targetIndex('f', 'target', 0.5, 2, ['a', 'b'])).toThrow("expected one of 'a', 'b' or an index below 2 for `target`");
  expect(() => targetIndex('f', 'target', 'zebra crossing', 1000, IMAGENET_CLASS_NAMES)).toThrow(
    'expected a class name or an index below 1000',
  );
});

test('tables and charts show equal names with their index', () => {
  expect(confusionTable(evaluation).split('\n')[0]).toBe('truth \\ predicted  crane (0)  owl  crane (2)');
  expect(classificationReport(evaluation)).toMatch(/ crane \(0\) .*\n +owl .*\n +crane \(2\) /);
  const { description } = rocChart(evaluation, { show: [0, 2] });
  expect(description).toContain('crane (0) (1.000), crane (2) (1.000)');
});
