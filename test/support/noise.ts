// Creates images of random pixels.

import { createRandom } from '../../src/core/internal.js';
import type { Pixels } from '../../src/image/index.js';

/** Creates an RGB image of random values. The same seed gives the same image. */
export function noise(height: number, width: number, seed = 1): Pixels {
  const random = createRandom(seed);
  return { height, width, channels: 3, data: Uint8Array.from({ length: height * width * 3 }, () => random.integer(256)) };
}
