// Opens an exported folder with transformers.js in a page.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportTransformers } from '../../src/node/weights/index.js';
import type * as browserTransformers from '../contracts/browserTransformers.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { best, CLASS_NAMES, clothesPhotos, farthest, sizedPhotos, taughtClassifier } from '../support/transformersExport.js';
import { startWasm } from '../support/wasm.js';

declare const page: typeof browserTransformers;

const ORIGIN = 'https://effnet.test';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.skipIf(noChromium !== undefined)(
  'transformers.js gives the same probabilities in a page, from the file that it chooses itself',
  async () => {
    await startWasm();
    const model = await taughtClassifier();
    await exportTransformers(model, path.join(folder, 'clothes'));
    const photos = await sizedPhotos(model, clothesPhotos(1), folder);

    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../contracts/browserTransformers.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'page',
      logLevel: 'error',
      define: { 'import.meta.url': JSON.stringify(`${ORIGIN}/page.js`) },
    });
    const runtime = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      const opened: string[] = [];
      await tab.route(`${ORIGIN}/**`, async (route) => {
        const { pathname } = new URL(route.request().url());
        if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>transformers.js</title>' });
        const [, place = '', ...rest] = pathname.split('/');
        const file = path.join({ models: folder, photos: folder, ort: runtime }[place] ?? '', ...rest);
        if (place === 'models') opened.push(rest.join('/'));
        const contentType = { '.wasm': 'application/wasm', '.mjs': 'text/javascript', '.json': 'application/json' }[path.extname(file)];
        const body = await readFile(file).catch(() => undefined);
        return route.fulfill(body === undefined ? { status: 404 } : { contentType: contentType ?? 'application/octet-stream', body });
      });
      await tab.goto(ORIGIN);
      await tab.addScriptTag({ content: outputFiles[0]!.text });
      const images = photos.map(({ file }) => `${ORIGIN}/photos/${path.basename(file)}`);
      const answers = await tab.evaluate(([files, ort]) => page.classify(files, ort), [images, `${ORIGIN}/ort/`] as const);
      expect(new Set(opened)).toContain('clothes/onnx/model.onnx');
      const [received, expected] = [
        answers.map((scores) => CLASS_NAMES.map((name) => scores[name] ?? NaN)),
        photos.map(({ probabilities }) => probabilities),
      ];
      expect(received.map(best)).toEqual(expected.map(best));
      expect(farthest(received, expected)).toBeLessThan(1e-4);
    } finally {
      await browser.close();
    }
  },
);
