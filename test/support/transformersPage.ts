// Classifies images with transformers.js in a page of Chromium, from an exported folder.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type * as browserTransformers from '../contracts/browserTransformers.js';
import { launchChromium } from './chromium.js';

declare const page: typeof browserTransformers;

const ORIGIN = 'https://effnet.test';

/** The scores of every image by class name, and the files of the export that were opened. */
export interface PageAnswers {
  readonly scores: readonly Readonly<Record<string, number>>[];
  readonly opened: readonly string[];
}

/**
 * Classifies images in a page, with the options that transformers.js chooses itself.
 *
 * @param folder - Contains the export, in the sub-folder `clothes`.
 * @param images - Paths of files in `photos`.
 */
export async function classifyInPage(folder: string, photos: string, images: readonly string[]): Promise<PageAnswers> {
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
      const file = path.join({ models: folder, photos, ort: runtime }[place] ?? '', ...rest);
      if (place === 'models') opened.push(rest.join('/'));
      const contentType = { '.wasm': 'application/wasm', '.mjs': 'text/javascript', '.json': 'application/json' }[path.extname(file)];
      const body = await readFile(file).catch(() => undefined);
      return route.fulfill(body === undefined ? { status: 404 } : { contentType: contentType ?? 'application/octet-stream', body });
    });
    await tab.goto(ORIGIN);
    await tab.addScriptTag({ content: outputFiles[0]!.text });
    const urls = images.map((file) => `${ORIGIN}/photos/${path.basename(file)}`);
    const scores = await tab.evaluate(([files, ort]) => page.classify(files, ort), [urls, `${ORIGIN}/ort/`] as const);
    return { scores, opened };
  } finally {
    await browser.close();
  }
}
