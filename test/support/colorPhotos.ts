// Folders of small photos of one color with noise, whose class is the color.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeImage } from '../../src/node/images/index.js';
import { uniform } from './fill.js';

const COLORS = { blue: [40, 60, 200], green: [40, 180, 60], red: [200, 50, 40] } as const;
const SIDE = 48;

/** The classes of {@link writeColorPhotos}, in order. */
export const COLOR_NAMES = Object.keys(COLORS);

/** Writes `count` photos per class into sub-folders. */
export async function writeColorPhotos(folder: string, count: number): Promise<void> {
  for (const [name, color] of Object.entries(COLORS)) {
    await mkdir(path.join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const noise = uniform(`${name}${i}`, SIDE * SIDE * 3);
      const data = Uint8Array.from(noise, (value, j) => (color[j % 3] as number) + value * 50);
      await writeFile(
        path.join(folder, name, `${i}.png`),
        await encodeImage({ width: SIDE, height: SIDE, channels: 3, data }, { format: 'png' }),
      );
    }
  }
}
