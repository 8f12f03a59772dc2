// Scores that separate known from unknown images, against scikit-learn.

import { expect, test } from 'vitest';
import { evaluateUnknown } from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/unknown.json' with { type: 'json' };

test.each(golden.separation)(
  "$name: area, false positive rate and threshold equal scikit-learn's",
  ({ known, unknown, auc, falsePositiveRate95, threshold95 }) => {
    expect(Object.values(evaluateUnknown(known, Float32Array.from(unknown)))).toBeAllclose([auc, falsePositiveRate95, threshold95]);
  },
);

test('scores that are not finite, and no scores, are refused', () => {
  expect(() => evaluateUnknown([0.5, NaN], [0.1])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: evaluateUnknown: expected at least one finite number of float32 for \`known\`, received [0.5, NaN].]`,
  );
  expect(() => evaluateUnknown([0.5], [])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: evaluateUnknown: expected at least one finite number of float32 for \`unknown\`, received [].]`,
  );
});
