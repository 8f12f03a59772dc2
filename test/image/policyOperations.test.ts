import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

test('the color around a rotated image is the 128 of the policies', () => {
  const white: image.Pixels = { height: 20, width: 20, channels: 3, data: new Uint8Array(1200).fill(255) };
  expect([...image.applyPolicyOperation(white, 'Rotate', 45).data.slice(0, 3)]).toEqual([128, 128, 128]);
});
