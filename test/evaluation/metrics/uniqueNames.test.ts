import { expect, test } from 'vitest';
import { uniqueNames } from '../../../src/evaluation/metrics/uniqueNames.js';

test('only names that occur several times get an index, and the results are unique', () => {
  expect(uniqueNames(['cat', 'crane', 'Crane', 'crane'])).toEqual(['cat', 'crane (1)', 'Crane', 'crane (3)']);
  expect(uniqueNames(['crane', 'crane (0)', 'crane'])).toEqual(['crane (0) (0)', 'crane (0)', 'crane (2)']);
});
