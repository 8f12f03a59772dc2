// browserPixels in a real browser. Needs Chromium on the system.

import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { browserPixels, Dataset } from '../../src/data/index.js';
import type { Pixels } from '../../src/image/index.js';
import { launchChromium, noChromium } from '../support/chromium.js';

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/node/decode.json', import.meta.url), 'utf8')) as {
  cases: { name: string; bytes: string; height: number; width: number; pixels: number[] }[];
};
declare const effnet: { browserPixels: typeof browserPixels; Dataset: typeof Dataset };

describe.skipIf(noChromium !== undefined)('in Chromium', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const entryPoints = [fileURLToPath(new URL('../../src/data/index.ts', import.meta.url))];
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

  // Four colors in the corners of 4 x 2 pixels.
  const corners = [255, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255, 255];

  test('canvases, images, bitmaps and image data are read as they are', async () => {
    const read = await page.evaluate(async () => {
      const paint = <C extends HTMLCanvasElement | OffscreenCanvas>(canvas: C): C => {
        const context = canvas.getContext('2d') as CanvasRenderingContext2D;
        for (const [i, color] of ['red', 'lime', 'blue', 'white'].entries()) {
          context.fillStyle = color;
          context.fillRect(2 * (i % 2), Math.floor(i / 2), 2, 1);
        }
        return canvas;
      };
      const canvas = paint(Object.assign(document.createElement('canvas'), { width: 4, height: 2 }));
      const image = new Image();
      image.src = canvas.toDataURL();
      await image.decode();
      const sources: Record<string, ImageBitmapSource> = {
        canvas,
        image,
        offscreen: paint(new OffscreenCanvas(4, 2)),
        bitmap: await createImageBitmap(canvas),
        imageData: canvas.getContext('2d')!.getImageData(0, 0, 4, 2),
      };
      const pixels: [string, Pixels][] = [];
      for (const [name, source] of Object.entries(sources)) pixels.push([name, await effnet.browserPixels(source)]);
      return pixels.map(([name, { width, height, channels, data }]) => ({ name, width, height, channels, data: [...data] }));
    });
    expect(read).toEqual(
      ['canvas', 'image', 'offscreen', 'bitmap', 'imageData'].map((name) => ({ name, width: 4, height: 2, channels: 3, data: corners })),
    );
  });

  test('files of an input become a dataset in their order, and a broken one is named', async () => {
    const { bytes, pixels } = cases.find(({ name }) => name === 'pngPalette')!;
    const png = Buffer.from(bytes, 'base64');
    await page.setContent('<input type="file" multiple>');
    const pick = (broken: Buffer) =>
      page.setInputFiles('input', [
        { name: 'a.png', mimeType: 'image/png', buffer: png },
        { name: 'b.png', mimeType: 'image/png', buffer: broken },
      ]);
    const readAll = () =>
      page.evaluate(() => {
        const files = [...document.querySelector('input')!.files!];
        return effnet.Dataset.from(files)
          .map(async (file) => ({ data: [...(await effnet.browserPixels(file)).data], origin: file.name }), { concurrency: 2 })
          .toArray();
      });
    await pick(png);
    expect(await readAll()).toEqual([
      { data: pixels, origin: 'a.png' },
      { data: pixels, origin: 'b.png' },
    ]);
    await pick(png.subarray(0, 60));
    await expect(readAll()).rejects.toThrow("expected a readable image, received 'b.png'");
  });

  test('URLs are fetched, as texts and as URL objects, and an answer that is no success is told', async () => {
    const { bytes, pixels } = cases.find(({ name }) => name === 'pngGrey')!;
    await page.route('https://photos.test/**', (route) =>
      route.request().url().endsWith('/grey.png')
        ? route.fulfill({ contentType: 'image/png', headers: { 'access-control-allow-origin': '*' }, body: Buffer.from(bytes, 'base64') })
        : route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' }, body: 'nothing here' }),
    );
    const both = await page.evaluate(async () => {
      const read = [
        await effnet.browserPixels('https://photos.test/grey.png'),
        await effnet.browserPixels(new URL('https://photos.test/grey.png')),
      ];
      return read.map(({ data }) => [...data]);
    });
    expect(both).toEqual([pixels, pixels]);
    await expect(read('https://photos.test/none.png')).rejects.toThrow("received 'https://photos.test/none.png': the server answered 404");
  });

  test('a background that is no color is refused before anything is fetched', async () => {
    const address = 'https://nowhere.test/a.png';
    await expect(page.evaluate((url) => effnet.browserPixels(url, { background: 'trasparent' }), address)).rejects.toThrow(
      "browserPixels: expected a CSS color for `background`, received 'trasparent'.",
    );
  });

  test('a value that is not an image is refused', async () => {
    await expect(read('data:text/plain,hello')).rejects.toThrow("expected a readable image, received 'data:text/plain,hello'");
  });
});
