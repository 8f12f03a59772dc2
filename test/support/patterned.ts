import type { Pixels } from '../../src/image/index.js';

/** Creates the image of the scripts in test/fixtures/image. A gray image is its red channel. */
export function patterned(height: number, width: number, channels: 1 | 3 = 3): Pixels {
  const data = new Uint8Array(height * width * channels);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += channels) {
      data[i] = x * y + 5 * x;
      if (channels === 1) continue;
      data[i + 1] = 3 * y + x * x;
      data[i + 2] = 255 - (data[i] as number);
    }
  }
  return { height, width, channels, data };
}
