// Tests the report in a browser: it loads no files, prints nothing to the console and is accessible.
// Needs Chromium on the system; without one these tests are skipped.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeReport } from '../../src/node.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { fullReport } from '../support/report.js';
import { startWasm } from '../support/wasm.js';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(noChromium !== undefined)('a report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    await startWasm();
    folder = await mkdtemp(path.join(tmpdir(), 'report-'));
    url = pathToFileURL((await writeReport(folder, fullReport())).html).href;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  const open = async (colorScheme: 'light' | 'dark', width: number): Promise<{ page: Page; said: string[]; asked: string[] }> => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url);
    return { page, said, asked: asked.filter((address) => address !== url && !address.startsWith('data:')) };
  };

  test.each([
    ['light', 1280],
    ['light', 380],
    ['dark', 1280],
    ['dark', 360],
  ] as const)('%s, %d pixels wide: quiet, self-contained, accessible', async (scheme, width) => {
    const { page, said, asked } = await open(scheme, width);
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    expect(violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([]);
    expect(said).toEqual([]);
    expect(asked).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await page.close();
  });

  test('every image has a text alternative, and every photo of the gallery is drawn with its heat maps', async () => {
    const { page } = await open('light', 1280);
    await page.evaluate(() => {
      for (const folded of document.querySelectorAll('details')) folded.open = true;
      return Promise.all([...document.images].map((image) => image.decode()));
    });
    const pictures = await page.evaluate(() => [...document.images].map(({ alt, naturalWidth }) => ({ alt, naturalWidth })));
    expect(pictures).toHaveLength(36);
    expect(pictures.filter(({ alt, naturalWidth }) => alt.length < 20 || naturalWidth === 0)).toEqual([]);
    const charts = await page.evaluate(() =>
      [...document.querySelectorAll('svg')].map((svg) => svg.getAttribute('aria-label')?.length ?? 0),
    );
    expect(charts).toHaveLength(8);
    expect(Math.min(...charts)).toBeGreaterThan(20);
    await page.close();
  });

  test('the table of classes is sorted by keyboard, and says so', async () => {
    const { page } = await open('dark', 1280);
    const heading = page.getByRole('columnheader', { name: 'F1' });
    const scores = (): Promise<number[]> =>
      page.evaluate(() => [...document.querySelectorAll('#classes tbody tr')].map((row) => Number(row.children[3]?.textContent)));
    await heading.getByRole('button').focus();
    await page.keyboard.press('Enter');
    const falling = await scores();
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    await page.keyboard.press('Space');
    expect(await scores()).toEqual([...falling].reverse());
    expect(await page.getByRole('status').textContent()).toBe('Sorted by F1, ascending.');
    await page.close();
  });

  test('a cell of the confusion matrix opens its mistakes, without another file', async () => {
    const { page } = await open('light', 380);
    const cells = page.locator('.matrix td a');
    const id = ((await cells.last().getAttribute('href')) ?? '').slice(1);
    await page.evaluate(() => {
      for (const folded of document.querySelectorAll('details')) folded.open = false;
    });
    const mistakes = page.locator(`[id="${id}"] li`);
    expect(await mistakes.first().isVisible()).toBe(false);
    await cells.last().click();
    expect(await mistakes.count()).toBe(Number(await cells.last().textContent()));
    expect(await mistakes.first().isVisible()).toBe(true);
    await page.close();
  });

  test('names from the data stay text', async () => {
    const { page } = await open('light', 1280);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Clothes & <more>');
    expect(await page.getByRole('rowheader', { name: '<script>alert(1)</script>', exact: true }).count()).toBeGreaterThan(0);
    await page.close();
  });
});
