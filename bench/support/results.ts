// Prints and writes results. Comparisons are ratios, because times depend on the machine.

import { writeFile } from 'node:fs/promises';
import { machineLine, type Machine } from './machine.js';
import { median, quantile } from './statistics.js';

/** Writes a ratio: `0.65x`. */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)}x`;
}

/** Writes the median of ratios with the lowest and the highest: `0.65x (0.60-0.71)`, or nothing without ratios. */
export function formatRatios(ratios: readonly number[]): string {
  if (ratios.length === 0) return '';
  const [lowest, highest] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return ratios.length === 1 ? formatRatio(median(ratios)) : `${formatRatio(median(ratios))} (${lowest}-${highest})`;
}

/** Writes the range in which the middle 80 % of the values lie: `12.1-14.0`. */
export function formatSpread(values: readonly number[], decimals = 0): string {
  return [0.1, 0.9].map((share) => quantile(values, share).toFixed(decimals)).join('-');
}

/** Prints a Markdown table under a title. Missing cells at the end of a row are empty. */
export function printTable(title: string, headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${headings.map((_, i) => cells[i] ?? '').join(' | ')} |`;
  console.log([`\n${title}\n`, line(headings), `|${'---|'.repeat(headings.length)}`, ...rows.map(line)].join('\n'));
}

/** Writes all single results as JSON together with the machine, and prints the machine. */
export async function writeResults(file: URL, results: { readonly machine: Machine } & Readonly<Record<string, unknown>>): Promise<void> {
  console.log(`\n${machineLine(results.machine)}`);
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}
