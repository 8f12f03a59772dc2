// The JSON files of an export, as Python writes them.

import { expect, test } from 'vitest';
import { json } from '../../../src/node/weights/transformersFolder.js';

test('whole numbers are floats where transformers requires floats', () => {
  const config = { width_coefficient: 1, depth_coefficient: 3.1, dropout_rate: 0, image_size: 64, strides: [1, 2] };
  expect(json({ ...config, note: { depth_divisor: 8 } })).toBe(`{
  "width_coefficient": 1.0,
  "depth_coefficient": 3.1,
  "dropout_rate": 0.0,
  "image_size": 64,
  "strides": [
    1,
    2
  ],
  "note": {
    "depth_divisor": 8
  }
}
`);
});
