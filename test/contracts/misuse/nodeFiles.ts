// A temporary folder for the calls that read and write files; it is removed when the process ends.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';

const root = mkdtempSync(path.join(tmpdir(), 'misuse-'));
process.once('exit', () => {
  rmSync(root, { recursive: true, force: true });
});

/** A path in the temporary folder. */
export function placeOf(...parts: readonly string[]): string {
  return path.join(root, ...parts);
}

/** Writes a file and returns its path. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const file = placeOf(name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** Two class folders with two images each. */
export async function classFolders(): Promise<string> {
  const jpeg = await jpegBytes();
  for (const name of ['hats/0.jpg', 'hats/1.jpg', 'shoes/0.jpg', 'shoes/1.jpg']) fileOf(`photos/${name}`, jpeg);
  return placeOf('photos');
}

/** An encoded image of 8 by 6 pixels. */
export function jpegBytes(): Promise<Uint8Array> {
  return sharp({ create: { width: 8, height: 6, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();
}
