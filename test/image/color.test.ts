import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

test('lighting shifts colors along the eigenvectors of ImageNet by strength times eigenvalue', () => {
  const grey: image.Pixels = { height: 1, width: 1, channels: 3, data: Uint8Array.of(100, 100, 100) };
  // Written out from the numbers of the AlexNet recipe.
  const moved = {
    first: [68.52645, 67.78883, 67.633544],
    second: [103.4478448, 99.978427, 96.6691288],
    third: [100.4602332, 99.065528, 100.4825044],
  };
  expect(image.adjustLighting(grey, [1, 0, 0]).data).toBeAllclose(moved.first, { tolerance: 1e-3 });
  expect(image.adjustLighting(grey, [0, 1, 0]).data).toBeAllclose(moved.second, { tolerance: 1e-4 });
  expect(image.adjustLighting(grey, [0, 0, 1]).data).toBeAllclose(moved.third, { tolerance: 1e-4 });
});
