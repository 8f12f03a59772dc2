// Published weights in Chromium: on a page and in a worker, kept in the Cache API, and without a network the second time.

import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/core/index.js';
import { ensureBackend } from '../../src/node/backends/index.js';
import { pretrained } from '../../src/node/weights/index.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { fixture } from '../support/hubFixture.js';
import { hubListener } from '../support/hubListener.js';
import { startServer, type LocalServer } from '../support/localServer.js';

const root = path.join(import.meta.dirname, '../..');
const weights = readFileSync(path.join(root, 'examples/data/weights/efficientnet-lite0.safetensors'));
const HUB = 'https://huggingface.co/timm/tf_efficientnet_lite0.in1k/resolve/main/model.safetensors';

/** What the page and the worker can do. */
interface Answer {
  readonly values: readonly number[];
  readonly last: Progress | undefined;
}
type Load = (name: string, options: { readonly mirror?: string }) => Promise<Answer | string>;
declare const published: {
  load: Load;
  loadInWorker: Load;
  abortAt: (bytes: number, mirror: string) => Promise<string>;
  kept: () => Promise<readonly string[]>;
  damage: () => Promise<void>;
};

const SCRIPT = `
  import '@tensorflow/tfjs-backend-cpu';
  import * as tf from '@tensorflow/tfjs-core';
  import { pretrained } from './src/weights/index.js';
  export const load = async (name, options) => {
    let last;
    try {
      const model = await pretrained(name, { inputSize: 32, onProgress: (progress) => { last = progress; }, ...options });
      const values = [...await model.predict(tf.fill([1, 32, 32, 3], 100)).data()];
      model.dispose();
      return { values, last };
    } catch (error) {
      return String(error);
    }
  };
  export const abortAt = (bytes, mirror) => {
    const controller = new AbortController();
    const onProgress = ({ done }) => { if (done > bytes) controller.abort(); };
    return pretrained('lite0', { mirror, onProgress, signal: controller.signal }).then(() => 'loaded', ({ name }) => name);
  };
  const inWorker = typeof document === 'undefined';
  if (inWorker) self.onmessage = async ({ data }) => self.postMessage(await load(...data));
  export const loadInWorker = (...args) => new Promise((resolve) => {
    const worker = new Worker('/script.js');
    worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
    worker.postMessage(args);
  });
  export const kept = async () => (await (await caches.open('effnet-ts')).keys()).map(({ url }) => url);
  export const damage = async () => {
    const cache = await caches.open('effnet-ts');
    const [key] = await cache.keys();
    const response = await cache.match(key);
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[bytes.length - 1] ^= 1;
    await cache.put(key, new Response(bytes, { headers: response.headers }));
  };`;

describe.skipIf(noChromium !== undefined)('in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let site: LocalServer;
  let files: LocalServer;
  let expected: readonly number[];

  beforeAll(async () => {
    await ensureBackend();
    const model = await pretrained('lite0', { weights, inputSize: 32 });
    expected = [...(await (model.predict(tf.fill([1, 32, 32, 3], 100)) as tf.Tensor).data())];
    model.dispose();
    const { outputFiles } = await build({
      stdin: { contents: SCRIPT, resolveDir: root },
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'published',
      logLevel: 'error',
    });
    site = await startServer((request, response) => {
      const isScript = request.url === '/script.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? outputFiles[0]!.text : '<!doctype html><title>weights</title><script src="/script.js"></script>');
    });
    browser = await launchChromium(['--host-resolver-rules=MAP insecure.test 127.0.0.1']);
  });
  afterAll(async () => {
    await browser.close();
    await site.stop();
  });

  const serving =
    (origin: string | undefined, sent = weights.length): RequestListener =>
    (_, response) => {
      if (origin !== undefined) response.setHeader('access-control-allow-origin', origin);
      response.writeHead(200, { 'content-length': weights.length, 'content-type': 'application/octet-stream' });
      if (sent < weights.length) response.write(weights.subarray(0, sent));
      else response.end(weights);
    };

  const open = async (url = site.url): Promise<Page> => {
    const opened = await context.newPage();
    await opened.goto(url);
    return opened;
  };

  beforeEach(async () => {
    files = await startServer(serving('*'));
    context = await browser.newContext();
    page = await open();
  });
  afterEach(async () => {
    await context.close();
    await files.stop();
  });

  const load = (where: Page, mirror?: string, name = 'lite0'): Promise<Answer | string> =>
    where.evaluate(([checkpoint, options]) => published.load(checkpoint, options), [name, mirror === undefined ? {} : { mirror }] as const);
  const values = (answer: Answer | string): readonly number[] => {
    if (typeof answer === 'string') throw new Error(answer);
    return answer.values;
  };

  test('a page downloads once with progress, and later pages and workers need no server', async () => {
    const first = await load(page, files.url);
    expect(values(first)).toBeAllclose(expected, { tolerance: 1e-5 });
    expect((first as Answer).last).toMatchObject({ unit: 'bytes', done: weights.length, total: weights.length });
    expect((first as Answer).last!.rate).toBeGreaterThan(0);
    expect(files.requests).toEqual(['/timm_tf_efficientnet_lite0.in1k.safetensors']);
    expect(await page.evaluate(() => published.kept())).toEqual([HUB]);
    await files.stop();
    const later = await open();
    expect(await load(later, files.url)).toEqual({ values: values(first), last: undefined });
    // Also without the mirror: it is the same file.
    const inWorker = await later.evaluate(() => published.loadInWorker('lite0', {}));
    expect(values(inWorker)).toEqual(values(first));
  });

  test('a worker downloads and keeps the file, too', async () => {
    const first = await page.evaluate((mirror) => published.loadInWorker('lite0', { mirror }), files.url);
    expect(values(first)).toBeAllclose(expected, { tolerance: 1e-5 });
    expect((first as Answer).last).toMatchObject({ done: weights.length });
    await files.stop();
    expect(values(await load(page))).toEqual(values(first));
  });

  test('without a mirror, the file of the Hugging Face hub is loaded', async () => {
    const asked: string[] = [];
    await context.route('https://huggingface.co/**', (route) => {
      asked.push(route.request().url());
      return route.fulfill({ body: weights, headers: { 'access-control-allow-origin': site.url } });
    });
    expect(values(await load(page))).toBeAllclose(expected, { tolerance: 1e-5 });
    expect(asked).toEqual([HUB]);
  });

  test('a file that is damaged in the storage is downloaded again', async () => {
    const first = values(await load(page, files.url));
    await page.evaluate(() => published.damage());
    expect(values(await load(page, files.url))).toEqual(first);
    expect(files.requests).toHaveLength(2);
  });

  test('an aborted download keeps nothing', async () => {
    await files.stop();
    files = await startServer(serving('*', 2_000_000));
    expect(await page.evaluate((mirror) => published.abortAt(1_000_000, mirror), files.url)).toBe('AbortError');
    expect(await page.evaluate(() => published.kept())).toEqual([]);
  });

  test('a server that does not answer pages of other sites, or is not reached, is one sentence', async () => {
    await files.stop();
    files = await startServer(serving(undefined));
    const url = `${files.url}/timm_tf_efficientnet_lite0.in1k.safetensors`;
    const release = `${files.url}/tf_efficientnet_lite0-0aa007d2.pth`;
    const reason = 'cannot be reached, or does not answer pages of other sites';
    expect(await load(page, files.url)).toBe(
      `WeightsError: pretrained: '${url}' ${reason}; '${release}' ${reason}. Put the file there, or pass the file as \`weights\`.`,
    );
    await context.setOffline(true);
    expect(await load(page)).toBe(
      `WeightsError: pretrained: '${HUB}' ${reason}. Serve the file yourself and pass that server as \`mirror\`, or pass the file as \`weights\`.`,
    );
  });

  test('a repository of the hub is kept with its commit, and opens without a network', async () => {
    const repository = new Map(
      ['config.json', 'preprocessor_config.json', 'model.safetensors'].map((file) => [
        file,
        readFileSync(path.join(fixture('file'), file)),
      ]),
    );
    const commit = '0123456789abcdef0123456789abcdef01234567';
    await files.stop();
    files = await startServer(hubListener('owner/name', { main: commit }, repository));
    const own = await pretrained(fixture('file'));
    const answer = [...(await (own.predict(tf.fill([1, 32, 32, 3], 100)) as tf.Tensor).data())];
    own.dispose();
    const first = values(await load(page, files.url, 'hf:owner/name'));
    expect(first).toBeAllclose(answer, { tolerance: 1e-5 });
    expect(await load(page, files.url, 'hf:owner/name')).toEqual({ values: first, last: undefined });
    // The second time, only the commit is asked for.
    expect(files.requests.map((url) => url.split('/').at(-1))).toEqual(['main?blobs=true', ...repository.keys(), 'main?blobs=true']);
    await files.stop();
    expect(values(await (await open()).evaluate(() => published.loadInWorker('hf:owner/name', {})))).toEqual(first);
  });

  test('an insecure page loads and keeps nothing, and refuses a file that it cannot verify', async () => {
    const insecure = await open(site.url.replace('127.0.0.1', 'insecure.test'));
    expect(await insecure.evaluate(() => [isSecureContext, 'caches' in globalThis])).toEqual([false, false]);
    for (const count of [1, 2]) {
      expect(values(await load(insecure, files.url))).toBeAllclose(expected, { tolerance: 1e-5 });
      expect(files.requests).toHaveLength(count);
    }
    expect(await load(insecure, files.url, 'torchvision/b0')).toBe(
      `WeightsError: pretrained: '${files.url}/efficientnet_b0_rwightman-7f5810bc.pth' cannot be verified, because this page is not secure. ` +
        'Serve the page by https or from localhost, or pass the file as `weights`.',
    );
  });
});
