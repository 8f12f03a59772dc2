// Builds, serves and operates examples/browser like a user. Needs Chromium on the system.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { zipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, noChromium, SOFTWARE_GPU, tooSlow } from '../support/chromium.js';

const root = path.join(import.meta.dirname, '../../examples/browser');
const data = path.join(import.meta.dirname, '../../examples/data');
const configFile = path.join(root, 'vite.config.ts');
const panda = path.join(data, 'photos/panda.jpg');
const photos = (part: 'train' | 'validation', name: string): string[] => {
  const folder = path.join(data, 'clothing', part, name);
  return readdirSync(folder)
    .sort()
    .slice(0, 5)
    .map((file) => path.join(folder, file));
};

describe.skipIf(noChromium !== undefined)('the example page in Chromium', () => {
  let folder: string;
  let browser: Browser;
  const servers: PreviewServer[] = [];
  let isolated: string;
  let plain: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'page-'));
    // A process of its own: vitest's NODE_ENV would make it no production build.
    const vite = path.join(path.dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
    const { NODE_ENV: _, ...env } = process.env;
    await promisify(execFile)(process.execPath, [vite, 'build', root, '--outDir', folder, '--logLevel', 'error'], { env });
    const serve = async (file: string | false): Promise<string> => {
      const server = await preview({
        configFile: file,
        root,
        logLevel: 'error',
        build: { outDir: folder },
        preview: { port: 0, host: 'localhost' },
      });
      servers.push(server);
      return server.resolvedUrls!.local[0]!;
    };
    isolated = await serve(configFile);
    plain = await serve(false);
    browser = await launchChromium([...SOFTWARE_GPU, '--use-fake-device-for-media-stream']);
  }, 180_000);

  afterAll(async () => {
    await browser.close();
    await Promise.all(servers.map((server) => server.close()));
    await rm(folder, { recursive: true });
  });

  const status = (page: Page, text: string | RegExp): Promise<void> =>
    page.getByRole('status').filter({ hasText: text }).waitFor({ timeout: 120_000 });

  const open = async (url: string, backend: string, context?: BrowserContext): Promise<Page> => {
    const page = await (context ?? browser).newPage();
    await page.goto(`${url}?backend=${backend}`);
    await status(page, 'Ready.');
    return page;
  };

  const dropFile = async (page: Page, target: string, name: string, type: string, bytes: Uint8Array): Promise<void> => {
    const transfer = await page.evaluateHandle(
      async ({ name, type, base64 }) => {
        const transfer = new DataTransfer();
        const blob = await (await fetch(`data:${type};base64,${base64}`)).blob();
        transfer.items.add(new File([blob], name, { type }));
        return transfer;
      },
      { name, type, base64: Buffer.from(bytes).toString('base64') },
    );
    await page.dispatchEvent(target, 'drop', { dataTransfer: transfer });
  };

  const dropPhoto = async (page: Page, file: string): Promise<string[]> => {
    await dropFile(page, '#drop', 'photo.jpg', 'image/jpeg', readFileSync(file));
    await status(page, 'Named in');
    return page.locator('#imagenet li').allTextContents();
  };

  test('on wasm it names a dropped photo, learns two classes, keeps them over a reload, and works offline', async () => {
    const context = await browser.newContext();
    const page = await open(isolated, 'wasm', context);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(page.workers().length, 'wasm has threads').toBeGreaterThan(1);
    expect((await dropPhoto(page, panda))[0]).toMatch(/^giant panda 0\.9/);

    for (const [index, name] of ['hat', 'shoes'].entries()) {
      const field = page.locator('fieldset').nth(index);
      await field.getByLabel('Name').fill(name);
      await field.getByLabel('Photos').setInputFiles(photos('train', name));
    }
    const broken = { name: 'photo.heic', mimeType: 'image/heic', buffer: Buffer.from('no picture') };
    await page.locator('fieldset').nth(1).getByLabel('Photos').setInputFiles(broken);
    await page.getByText('photo.heic was left out: this browser cannot read it.').waitFor();
    await page.getByRole('button', { name: 'Add a class' }).click();
    expect(await page.getByRole('button', { name: 'Learn' }).isDisabled()).toBe(true);
    expect(await page.getByRole('note').textContent()).toBe('Name every class, or remove it.');
    await page.getByRole('button', { name: 'Remove this class' }).last().click();
    await page.getByRole('button', { name: 'Learn' }).click();
    await status(page, 'Learned hat, shoes. It names 2 of 2 photos right that it did not learn from.');

    await page.getByText('This page now works offline.').waitFor();
    await context.setOffline(true);
    await page.reload();
    await status(page, 'Ready.');
    expect((await dropPhoto(page, panda))[0]).toMatch(/^giant panda 0\.9/);
    for (const name of ['hat', 'shoes']) {
      await dropPhoto(page, photos('validation', name)[0]!);
      expect(await page.locator('#learned li').first().textContent()).toMatch(new RegExp(`^${name} `));
    }
    await page.getByRole('button', { name: 'Forget' }).click();
    await status(page, 'Forgotten.');
    await page.reload();
    await status(page, 'Ready.');
    expect(await page.locator('#learnedAnswers').isHidden()).toBe(true);
    await context.close();
  }, 240_000);

  test('a zip of class folders becomes classes, which are tested after learning, on a narrow screen', async () => {
    const page = await browser.newPage({ viewport: { width: 380, height: 800 } });
    await page.goto(`${isolated}?backend=wasm`);
    await status(page, 'Ready.');
    const files = Object.fromEntries(
      ['hat', 'shoes', 'pants'].flatMap((name) =>
        photos('train', name).map((file) => [`clothes/${name}/${path.basename(file)}`, new Uint8Array(readFileSync(file))] as const),
      ),
    );
    const archive = zipSync(
      { 'clothes/LICENSE': new Uint8Array(3), ...files, '__MACOSX/clothes/hat/._x.jpg': new Uint8Array(3) },
      { level: 0 },
    );
    await dropFile(page, '#folders', 'clothes.zip', 'application/zip', archive);
    await status(page, 'Read 16 files. Left out, because their folders have no photos: LICENSE.');
    expect(
      await page.locator('fieldset input[type=text]').evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value)),
    ).toEqual(['hat', 'shoes', 'pants']);
    expect(await page.locator('.photos li').count()).toBe(15);
    await page.getByRole('button', { name: 'Learn' }).click();
    await page.locator('.photos button').first().click();
    expect(await page.getByRole('button', { name: 'Learn' }).isDisabled(), 'Learn while it learns').toBe(true);
    await status(page, /names \d of 3 photos right/);
    expect(await page.locator('#results table tbody td').allTextContents()).toHaveLength(9);
    expect(await page.locator('#results p').textContent()).toMatch(/^Tested with 3 photos that it did not learn from\./);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380);
    const folderOfShots = process.env['PAGE_SCREENSHOTS'];
    if (folderOfShots !== undefined) {
      await page.screenshot({ path: path.join(folderOfShots, 'narrow.png'), fullPage: true });
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.screenshot({ path: path.join(folderOfShots, 'wide-dark.png'), fullPage: true });
    }
    await dropFile(page, 'h1', 'broken.zip', 'application/zip', new Uint8Array(9));
    await page.getByText('broken.zip cannot be opened').waitFor();
    await page.close();
  }, 180_000);

  test('a blocked camera is one sentence, a page without cross-origin isolation says what that costs', async () => {
    const page = await open(plain, 'wasm');
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByRole('alert').filter({ hasText: 'camera' }).waitFor();
    expect(await page.getByRole('alert').textContent()).toBe(
      "The camera is blocked: allow it for this page in the browser's settings, or drop a photo instead.",
    );
    expect(await page.locator('#threads').textContent()).toMatch(
      /^wasm uses 1 of this machine's \d+ processor threads, because the page is not cross-origin isolated\./,
    );
    await page.context().close();
  }, 120_000);

  test.each(['webgl', ...(tooSlow === undefined ? ['webgpu'] : [])])(
    'on %s it names a dropped photo',
    async (backend) => {
      const page = await open(isolated, backend);
      expect(await page.locator('#runtime').textContent()).toMatch(new RegExp(`^Runs on ${backend}`));
      expect((await dropPhoto(page, panda))[0]).toMatch(/^giant panda 0\.9/);
      await page.close();
    },
    240_000,
  );
});
