// Runs an exported network with onnxruntime-web in a page.

import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import type * as browserRuntime from '../contracts/browserRuntime.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

declare const page: typeof browserRuntime;

const ORIGIN = 'https://effnet.test';
const SHAPE = [2, 64, 64, 3];

test.skipIf(noChromium !== undefined)('onnxruntime-web predicts in a page what onnxruntime-node does here', async () => {
  await startWasm();
  const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 }, { classes: 5 });
  fillModel(model, 2);
  const file = await exportOnnx(model);
  const runtime = await createRuntime(file);
  const [expected] = Object.values(await runtime.run(new Float32Array(2 * 64 * 64 * 3).fill(99), SHAPE));
  await runtime.dispose();

  const entryPoints = [fileURLToPath(new URL('../contracts/browserRuntime.ts', import.meta.url))];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'page',
    logLevel: 'error',
    conditions: ['onnxruntime-web-use-extern-wasm'],
  });
  const served = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.route(`${ORIGIN}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>runtime</title>' });
      if (pathname === '/model.onnx') return route.fulfill({ body: Buffer.from(file) });
      const contentType = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      return route.fulfill({ contentType, body: await readFile(path.join(served, path.basename(pathname))) });
    });
    await tab.goto(ORIGIN);
    await tab.addScriptTag({ content: outputFiles[0]!.text });
    const values = await tab.evaluate(([shape, folder]) => page.predict(shape, 99, folder as string), [SHAPE, `${ORIGIN}/ort/`] as const);
    expect(values).toBeAllclose([...expected!.values], { tolerance: 1e-5 });
  } finally {
    await browser.close();
  }
});
