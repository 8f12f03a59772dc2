// Runs the backend contract in a browser, on pages without cross-origin isolation, so wasm has one thread.

import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackendReport } from '../../src/backends/index.js';
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
    const { outputFiles } = await build({
      entryPoints,
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'contract',
      logLevel: 'error',
    });
    script = outputFiles[0]!.text;
    browser = await launchChromium(SOFTWARE_GPU);
  });
  afterAll(() => (browser as Browser | undefined)?.close());

  /** A fresh page: an engine is global, and a GPU's memory goes with its page. */
  const open = async (name: string, insteadOfWasm?: { status: number; body: string }): Promise<BackendReport> => {
    await (page as Page | undefined)?.close();
    page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>contract</title>' });
      if (insteadOfWasm !== undefined) return route.fulfill({ contentType: 'text/html', ...insteadOfWasm });
      return route.fulfill({ contentType: 'application/wasm', body: await readFile(path.join(wasmFolder, path.basename(pathname))) });
    });
    await page.goto(ORIGIN);
    await page.addScriptTag({ content: script });
    return page.evaluate((backend) => contract.start(backend), name);
  };

  for (const name of ['wasm', 'webgl', 'webgpu']) {
    backendContract({
      name,
      skip: noChromium,
      skipB0: name === 'wasm' ? undefined : tooSlow,
      steps: name === 'wasm' || tooSlow === undefined ? 20 : 5,
      start: () => open(name),
      work: {
        probe: () => page.evaluate(() => contract.probe()),
        predictB0: () => page.evaluate(() => contract.predictB0()),
        takeSteps: (count) => page.evaluate((steps) => contract.takeSteps(steps), count),
      },
    });
  }

  test.skipIf(noChromium !== undefined).each([
    ['wasm', /^WebAssembly, one thread$/],
    ['webgl', /SwiftShader/],
    ['webgpu', /swiftshader/i],
  ])("%s tells its device's name", async (name, told) => {
    const { device } = await open(name);
    expect(device?.name).toMatch(told);
    expect(device?.largestTensorBytes ?? 0).toBeGreaterThanOrEqual(name === 'webgpu' ? 2 ** 27 : 0);
  });

  test.skipIf(noChromium !== undefined).each(['webgl', 'webgpu'])(
    'a run whose %s device is lost says so, keeps its checkpoint, and goes on elsewhere',
    async (name) => {
      await open(name);
      const { error, checkpoints, epochs } = await page.evaluate(() => contract.loseDevice());
      expect(error).toMatch(
        new RegExp(`^BackendError: fineTune: the device of '${name}' was lost in epoch 0 \\(.+\\)\\. The last checkpoint remains valid`),
      );
      expect(checkpoints).toBe(3);
      expect(epochs).toBe(2);
    },
    120_000,
  );

  test.skipIf(noChromium !== undefined).each([
    ['webgpu', 'webgpu (not started): the browser found no GPU adapter for WebGPU: there is no GPU, or its driver is not supported.'],
    ['webgl', 'webgl (not started): WebGL is not supported on this device.'],
  ])('without a GPU %s is one sentence', async (name, sentence) => {
    const software = browser;
    browser = await launchChromium(['--disable-gpu', '--disable-software-rasterizer']);
    try {
      await expect(open(name)).rejects.toThrow(sentence);
    } finally {
      await browser.close();
      browser = software;
    }
  });

  test.skipIf(noChromium !== undefined).each([
    ['a missing wasm file', { status: 404, body: 'not here' }],
    ['a page in place of a wasm file', { status: 200, body: '<!doctype html>' }],
  ])('%s is named with its address', async (_, response) => {
    await expect(open('wasm', response)).rejects.toThrow(
      `wasm (not started): expected 'tfjs-backend-wasm-simd.wasm' at ${ORIGIN}/wasm/tfjs-backend-wasm-simd.wasm, ` +
        `which is missing or not a wasm file. Serve the .wasm files`,
    );
  });
});
