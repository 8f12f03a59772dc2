import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

test('the area outside a rotated image has the value 128', () => {
  const white: image.Pixels = { height: 20, width: 20, channels: 3, data: new Uint8Array(1200).fill(255) };
  expect([...image.applyPolicyOperation(white, 'Rotate', 45).data.slice(0, 3)]).toEqual([128, 128, 128]);
});
