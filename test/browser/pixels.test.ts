// browserPixels in a real browser. Needs Chromium on the system.

import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { browserPixels } from '../../src/data/index.js';
import { launchChromium, noChromium } from '../support/chromium.js';

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/node/decode.json', import.meta.url), 'utf8')) as {
  cases: { name: string; bytes: string; height: number; width: number; pixels: number[] }[];
};
declare const effnet: { browserPixels: typeof browserPixels };

describe.skipIf(noChromium !== undefined)('in Chromium', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const entryPoints = [fileURLToPath(new URL('../../src/data/browserImages.ts', import.meta.url))];
    const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'iife', globalName: 'effnet' });
    browser = await launchChromium();
    page = await browser.newPage();
    await page.addScriptTag({ content: outputFiles[0]!.text });
  });
  afterAll(() => browser.close());

  const read = (url: string) =>
    page.evaluate(async (address) => {
      const { width, height, channels, data } = await effnet.browserPixels(address);
      return { width, height, channels, data: [...data] };
    }, url);

  // Browsers mix transparency and decode JPEG with their own rounding.
  test.each(cases.filter(({ name }) => name !== 'jpegCmyk'))('$name decodes as in Node', async ({ name, bytes, height, width, pixels }) => {
    const type = name.startsWith('jpeg') ? 'image/jpeg' : 'image/png';
    const { data, ...shape } = await read(`data:${type};base64,${bytes}`);
    expect(shape).toEqual({ width, height, channels: 3 });
    expect(data).toBeAllclose(pixels, { tolerance: 4 });
  });

  test('what is no picture is refused', async () => {
    await expect(read('data:text/plain,hello')).rejects.toThrow("expected a readable picture, received 'data:text/plain,hello'");
  });
});
