// Creates a temporary folder with six small images, for tests that read and write files.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';

/** Encodes an image of one shade of red as JPEG. */
export function jpeg(red: number, width = 8, height = 6): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .jpeg()
    .toBuffer();
}

export interface ImageSandbox {
  /** Returns a path in the folder. */
  readonly inRoot: (...parts: string[]) => string;
  /** Returns the message of the error, with `<root>` for the folder, or 'no error'. */
  readonly refusal: (promise: Promise<unknown>) => Promise<string>;
}

/** Makes the folder, with `pictures/0.jpg` to `pictures/5.jpg`, before the tests of a file, and deletes it after them. */
export function imageSandbox(): ImageSandbox {
  let root = '';
  const inRoot = (...parts: string[]): string => path.join(root, ...parts);
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'effnet-'));
    await mkdir(inRoot('pictures'));
    for (let i = 0; i < 6; i++) await writeFile(inRoot('pictures', `${i}.jpg`), await jpeg(40 * i));
  });
  afterAll(() => rm(root, { recursive: true }));
  return {
    inRoot,
    refusal: (promise) =>
      promise.then(
        () => 'no error',
        (error: unknown) => String(error).replaceAll(root, '<root>'),
      ),
  };
}
