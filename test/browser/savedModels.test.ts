// Models saved with smaller kernels, opened by a page in Chromium: by this library and by plain TensorFlow.js, from a server and from the
// browser's storage.

import { build } from 'esbuild';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { ensureBackend } from '../../src/node/backends/index.js';
import { loadModel, saveModel } from '../../src/node/weights/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { fillModel } from '../support/fillModel.js';

const ORIGIN = 'https://effnet.test';
const DTYPES = ['float16', 'uint8'] as const;

const SCRIPT = `
  import '@tensorflow/tfjs-backend-cpu';
  import * as tf from '@tensorflow/tfjs-core';
  import { loadLayersModel } from '@tensorflow/tfjs-layers';
  import { loadModel, saveModel } from './src/models/index.js';
  const answer = async (model) => [...await model.predict(tf.fill([1, 32, 32, 3], 100)).data()];
  const size = async () => new Promise((resolve) => {
    const opening = indexedDB.open('tensorflowjs');
    opening.onsuccess = () => {
      const reading = opening.result.transaction('models_store').objectStore('models_store').getAll();
      reading.onsuccess = () => resolve(reading.result.map(({ modelArtifacts: { weightData } }) => weightData.byteLength)[0]);
    };
  });
  export const opened = async (url, dtype) => {
    await tf.ready();
    const model = await loadModel(url);
    await saveModel(model, 'indexeddb://kept', { dtype });
    return {
      ours: await answer(model), plain: await answer(await loadLayersModel(url)), kept: await answer(await loadModel('indexeddb://kept')), bytes: await size(),
    };
  };
  export const missing = (url) => loadModel(url).then(() => 'loaded', String);`;

interface Opened {
  readonly ours: number[];
  readonly plain: number[];
  readonly kept: number[];
  readonly bytes: number;
}
declare const saved: { opened: (url: string, dtype: string) => Promise<Opened>; missing: (url: string) => Promise<string> };

describe.skipIf(noChromium !== undefined)('in Chromium', () => {
  let folder: string;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    await ensureBackend();
    folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
    const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32 }, { classes: 120 });
    fillModel(model, 2);
    for (const dtype of DTYPES) await saveModel(model, path.join(folder, dtype), { dtype });
    const root = path.join(import.meta.dirname, '../..');
    const { outputFiles } = await build({
      stdin: { contents: SCRIPT, resolveDir: root },
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'saved',
      logLevel: 'error',
    });
    browser = await launchChromium();
    page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      const body = await readFile(path.join(folder, pathname)).catch(() => '<!doctype html><title>saved models</title>');
      return route.fulfill({ contentType: typeof body === 'string' ? 'text/html' : 'application/octet-stream', body });
    });
    await page.goto(ORIGIN);
    await page.addScriptTag({ content: outputFiles[0]!.text });
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  test.each(DTYPES)('a page opens kernels of %s with the answers of Node, and keeps them in IndexedDB in as many bytes', async (dtype) => {
    const model = await loadModel(path.join(folder, dtype));
    const expected = [...(await (model.predict(tf.fill([1, 32, 32, 3], 100)) as tf.Tensor).data())];
    const { ours, plain, kept, bytes } = await page.evaluate(([url, kernels]) => saved.opened(url, kernels), [
      `${ORIGIN}/${dtype}/model.json`,
      dtype,
    ] as const);
    expect(Math.max(...expected)).toBeGreaterThan(0.01);
    for (const answer of [ours, plain, kept]) expect(answer).toBeAllclose(expected, { tolerance: 1e-5 });
    expect(bytes).toBe((await readFile(path.join(folder, dtype, 'weights.bin'))).length);
  });

  test('a page that is answered with a web page instead of the model says so', async () => {
    expect(await page.evaluate((url) => saved.missing(url), `${ORIGIN}/nowhere/model.json`)).toBe(
      `DataError: loadModel: expected a saved model at '${ORIGIN}/nowhere/model.json', received a web page. ` +
        `Servers send one if the file is not at that URL.`,
    );
  });
});
