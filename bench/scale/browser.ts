// Trains a head in Chromium on files that the page holds, with features in IndexedDB, and reads the peak memory of the page's process.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { launchChromium } from '../../test/support/chromium.js';
import { startServer } from '../../test/support/localServer.js';
import { fromRoot } from '../support/paths.js';

interface PageOutcome {
  readonly seconds: number;
  readonly accuracy: number;
}

export interface BrowserOutcome extends PageOutcome {
  readonly megabytes: number;
  readonly computed: string;
}

declare const scale: { train: (count: number) => Promise<PageOutcome> };

/** Runs twice with one database. The second run starts on a new page and finds all features. */
export async function measureBrowser(count: number): Promise<Readonly<Record<'first' | 'second', BrowserOutcome>>> {
  const { outputFiles } = await build({
    entryPoints: [fromRoot('bench/scale/page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'scale',
    logLevel: 'error',
  });
  const wasm = fromRoot('node_modules/@tensorflow/tfjs-backend-wasm/dist');
  const site = await startServer((request, response) => {
    const name = path.basename(request.url ?? '');
    if (name.endsWith('.wasm')) {
      response.setHeader('content-type', 'application/wasm');
      void readFile(path.join(wasm, name)).then((bytes) => response.end(bytes));
      return;
    }
    const isScript = name === 'script.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? outputFiles[0]?.text : '<!doctype html><title>scale</title><script src="/script.js"></script>');
  });
  const browser = await launchChromium();
  try {
    const context = await browser.newContext();
    const run = async (): Promise<BrowserOutcome> => {
      const page = await context.newPage();
      await page.goto(site.url);
      const outcome = await page.evaluate((images) => scale.train(images), count);
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      const peaks = await Promise.all(processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => peakOf(id)));
      await page.close();
      return { ...outcome, megabytes: Math.max(...peaks), computed: '' };
    };
    return { first: await run(), second: await run() };
  } finally {
    await browser.close();
    await site.stop();
  }
}

/** Reads the peak resident memory of a process in megabytes, on Linux. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024);
}
