// Writes the report to a file of any name.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeReport, type WriteReportOptions } from '../node.js';
import { replaceFile } from '../node/files/internal.js';
import { classBalanceChart, renderSvg } from '../plots.js';
import { UsageError } from './UsageError.js';

/**
 * Draws a small chart, so that a missing package is reported before long work and not after it.
 *
 * @throws {MissingPackageError} which says what to install.
 */
export async function checkReportPackages(): Promise<void> {
  await renderSvg(classBalanceChart(['a', 'b'], [1, 1]));
}

/** Writes a report as `NAME.html`, and its values as `NAME.json` beside it. */
export async function writeReportFile(file: string, options: WriteReportOptions): Promise<void> {
  const { dir, name } = parsed(file);
  const folder = await mkdtemp(path.join(tmpdir(), 'effnet-report-'));
  try {
    const { html, json } = await writeReport(folder, options);
    await replaceFile(path.join(dir, `${name}.json`), await readFile(json));
    await replaceFile(file, await readFile(html));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function parsed(file: string): path.ParsedPath {
  const parts = path.parse(file);
  if (!/^\.html?$/i.test(parts.ext)) throw new UsageError(`--report: expected a name that ends with .html, received '${file}'.`);
  return parts;
}
