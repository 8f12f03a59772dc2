// The backend contract in a real browser, on pages that are not cross-origin isolated: wasm runs on one thread.

import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { backendContract } from '../contracts/backend.js';
import type * as browserBackend from '../contracts/browserBackend.js';
import { launchChromium, noChromium, SOFTWARE_GPU, tooSlow } from '../support/chromium.js';

declare const contract: typeof browserBackend;

const ORIGIN = 'https://effnet.test';
const wasmFolder = path.join(path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');

describe('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let script: string;

  beforeAll(async () => {
    if (noChromium !== undefined) return;
    const entryPoints = [fileURLToPath(new URL('../contracts/browserBackend.ts', import.meta.url))];
    const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'iife', globalName: 'contract', logLevel: 'error' });
    script = outputFiles[0]!.text;
    browser = await launchChromium(SOFTWARE_GPU);
  });
  afterAll(() => (browser as Browser | undefined)?.close());

  /** A fresh page: an engine is global, and a GPU's memory goes with its page. */
  const open = async (name: string): Promise<void> => {
    await (page as Page | undefined)?.close();
    page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>contract</title>' });
      return route.fulfill({ contentType: 'application/wasm', body: await readFile(path.join(wasmFolder, path.basename(pathname))) });
    });
    await page.goto(ORIGIN);
    await page.addScriptTag({ content: script });
    await page.evaluate((backend) => contract.start(backend), name);
  };

  for (const name of ['wasm', 'webgl', 'webgpu']) {
    backendContract({
      name,
      skip: noChromium,
      skipB0: name === 'wasm' ? undefined : tooSlow,
      start: () => open(name),
      work: {
        probe: () => page.evaluate(() => contract.probe()),
        predictB0: () => page.evaluate(() => contract.predictB0()),
        takeTwentySteps: () => page.evaluate(() => contract.takeTwentySteps()),
      },
    });
  }
});
