// Writes a folder of small JPEG files in ten classes, as many as needed.

import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createRandom } from '../../src/core/internal.js';
import { encodeImage } from '../../src/node.js';
import { CACHE } from '../support/paths.js';

export const CLASSES = 10;
/** Different images per class. Files repeat them. */
const DIFFERENT = 20;
/** Height and width of a file, in pixels. */
const SIDE = 48;

/** Returns a folder of `count` images, which is written once. */
export async function imagesFolder(count: number): Promise<string> {
  const folder = path.join(CACHE, `scale-${count}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  for (let label = 0; label < CLASSES; label++) {
    const files = await Promise.all(Array.from({ length: DIFFERENT }, (_, i) => noisyImage(label, i)));
    const place = path.join(unfinished, `class-${label}`);
    await mkdir(place, { recursive: true });
    for (let i = label; i < count; i += CLASSES) {
      await writeFile(path.join(place, `${String(i).padStart(6, '0')}.jpg`), files[Math.floor(i / CLASSES) % DIFFERENT] as Uint8Array);
    }
  }
  await rename(unfinished, folder);
  return folder;
}

/** Encodes an image in the color of its class, with noise. */
function noisyImage(label: number, index: number): Promise<Uint8Array> {
  const random = createRandom(label * DIFFERENT + index);
  const color = [label & 1, (label >> 1) & 1, (label >> 2) & 1].map((bit) => 60 + 120 * bit + 6 * label);
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => Math.min(255, (color[i % 3] as number) * random.uniform(0.5, 1.3)));
  return encodeImage({ width: SIDE, height: SIDE, channels: 3, data }, { format: 'jpeg' });
}
