// Features in the IndexedDB of Chromium, kept for the next page.

import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../support/chromium.js';
import { startServer, type LocalServer } from '../support/localServer.js';

const root = path.join(import.meta.dirname, '../..');

declare const stored: {
  add: (owner: string, rows: Readonly<Record<string, readonly number[]>>) => Promise<string>;
  read: (owner: string, keys: readonly string[]) => Promise<readonly (readonly number[] | boolean)[]>;
  train: (changed: boolean) => Promise<readonly [computed: number, loss: number]>;
};

const SCRIPT = `
  import '@tensorflow/tfjs-backend-cpu';
  import * as tf from '@tensorflow/tfjs-core';
  import { Dataset, browserPixels, efficientNet, featureDatabase, imageBatches, trainHead, VARIANTS } from './src/index.js';
  const open = (owner) => featureDatabase('photos').open(owner, 3);
  export const add = async (owner, rows) => {
    const store = await open(owner);
    const failure = await store.add(new Map(Object.entries(rows).map(([key, row]) => [key, Float32Array.from(row)]))).catch(String);
    await store.close();
    return failure ?? 'stored';
  };
  export const read = async (owner, keys) => {
    const store = await open(owner);
    const has = keys.map((key) => store.has(key));
    const rows = await store.read(keys.filter((key) => store.has(key)));
    await store.close();
    return [...has, ...rows.map((row) => [...row])];
  };
  export const train = async (changed) => {
    await tf.setBackend('cpu');
    const spec = { ...VARIANTS.lite0, widthCoefficient: 0.5, inputSize: 16, stages: VARIANTS.lite0.stages.slice(0, 1) };
    const backbone = efficientNet(spec, { seed: 1 });
    const files = await Promise.all(Array.from({ length: 8 }, async (_, i) => {
      const canvas = new OffscreenCanvas(16, 16);
      const context = canvas.getContext('2d');
      context.fillStyle = i % 2 ? 'red' : 'blue';
      context.fillRect(0, 0, 16, 8 + i);
      const lastModified = changed && i === 3 ? 2 : 1;
      return { file: new File([await canvas.convertToBlob()], i + '.png', { lastModified }), label: i % 2 };
    }));
    let computed = 0;
    const images = Dataset.from(files)
      .map(async ({ file, label }) => ({ pixels: await browserPixels(file), label, origin: file.name }), { varies: false })
      .withPreprocessing({ inputSize: 16, fit: 'stretch' });
    const runtime = async (features) => ({
      predict: (xs) => { computed += xs.shape[0]; return features.predict(xs); },
      dispose: () => undefined,
    });
    const { history } = await trainHead(backbone, {
      classNames: ['a', 'b'], train: imageBatches(images), epochs: 2, seed: 1, runtime, featureStore: featureDatabase('training'),
    });
    return [computed, history.at(-1).loss];
  };`;

describe.skipIf(noChromium !== undefined)('in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let site: LocalServer;

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: SCRIPT, resolveDir: root },
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'stored',
      logLevel: 'error',
    });
    site = await startServer((request, response) => {
      const isScript = request.url === '/script.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? outputFiles[0]!.text : '<!doctype html><title>features</title><script src="/script.js"></script>');
    });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await site.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(site.url);
  });
  afterEach(() => context.close());

  test('rows remain for later pages, apart for each network', async () => {
    expect(await page.evaluate(() => stored.add('one', { a: [1, 2, 3], b: [4, 5, 6] }))).toBe('stored');
    await page.close();
    page = await context.newPage();
    await page.goto(site.url);
    expect(await page.evaluate(() => stored.read('one', ['b', 'c', 'a']))).toEqual([true, false, true, [4, 5, 6], [1, 2, 3]]);
    expect(await page.evaluate(() => stored.read('two', ['a']))).toEqual([false]);
  });

  test('a second training computes no features, and a changed file those of one image', async () => {
    const [first, loss] = await page.evaluate(() => stored.train(false));
    expect(first).toBe(8);
    expect(await page.evaluate(() => stored.train(false))).toEqual([0, loss]);
    expect((await page.evaluate(() => stored.train(true)))[0]).toBe(1);
  });
});
