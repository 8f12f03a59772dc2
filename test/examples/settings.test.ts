// The tables of settings in the READMEs of the examples are complete and equal to the settings in the code.
//
// A setting has the row `--its-flag`. Any other constant that a settings.ts exports, for example OPTIMIZER = { beta1: 0.9 }, has the row
// `optimizer beta1`. A cell is the value; text in brackets after it is a remark. An empty string is the cell `none`.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { completePresets, flagOf, type CommonSettings, type Presets } from '../../examples/shared/settings.js';

interface Row {
  readonly name: string;
  readonly article: string;
  readonly full: string;
  readonly repository: string;
  readonly reason: string;
}

const HEADER = ['setting', 'article', 'full', 'repository', 'why it differs'];

function cellsOf(line: string): string[] {
  return line
    .trim()
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.replaceAll('`', '').trim());
}

/** Reads the table of the section "Settings". */
function tableOf(readme: string): Row[] {
  const section = /^## Settings$([\s\S]*?)(?=^## )/m.exec(readme)?.[1] ?? '';
  const [header, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'));
  expect(cellsOf(header ?? '')).toEqual(HEADER);
  return rows.map((line) => {
    const cells = cellsOf(line);
    expect(cells, line).toHaveLength(HEADER.length);
    const [name, article, full, repository, reason] = cells as [string, string, string, string, string];
    return { name, article, full, repository, reason };
  });
}

/** Returns a value or cell in one form, so that 1e-4 equals 0.0001, and 1,000 equals 1000. */
function plain(value: unknown): string {
  const text = String(value).replace(`${process.cwd()}${path.sep}`, '');
  if (text === '') return 'none';
  const number = Number(text.replaceAll(/(?<=\d),(?=\d{3})/g, ''));
  return Number.isNaN(number) ? text : String(number);
}

const withoutRemark = (cell: string): string => cell.replace(/ \(.*\)$/, '');
const words = (name: string): string =>
  name
    .replaceAll('_', ' ')
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();

/** Returns the constants of a settings.ts by the names of their rows. */
function constantsOf(module: Readonly<Record<string, unknown>>): [name: string, value: unknown][] {
  return Object.entries(module)
    .filter(([name, value]) => name !== 'SETTINGS' && typeof value !== 'function')
    .flatMap(([name, value]): [string, unknown][] =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([key, one]) => [`${words(name)} ${words(key)}`, one])
        : [[words(name), value]],
    );
}

test.each(['food-photos', 'cactus', 'xray-findings', 'imagenet'])('the table of %s has every setting and every value', async (name) => {
  const rows = tableOf(readFileSync(`examples/${name}/README.md`, 'utf8'));
  const module = (await import(`../../examples/${name}/settings.ts`)) as { readonly SETTINGS: Presets<CommonSettings> };
  const { full, repository } = completePresets(module.SETTINGS) as unknown as Record<string, Record<string, unknown>>;
  const expected = [
    ...Object.keys(full ?? {}).map((setting) => [flagOf(setting), plain(full?.[setting]), plain(repository?.[setting])]),
    ...constantsOf(module as never).map(([row, value]) => [row, plain(value), plain(value)]),
  ];
  const inTable = new Map(rows.map((row) => [row.name, row]));
  expect(inTable.size, 'rows with different names').toBe(rows.length);
  expect(
    expected.map(([row]) => {
      const { name: found, full: inFull = '', repository: inRepository = '' } = inTable.get(row ?? '') ?? {};
      return [found, plain(withoutRemark(inFull)), plain(withoutRemark(inRepository))];
    }),
  ).toEqual(expected);

  const flags = new Set(expected.map(([row]) => row));
  expect(rows.filter((row) => row.name.startsWith('--') && !flags.has(row.name)).map((row) => row.name)).toEqual([]);
  const differs = (a: string, b: string): boolean => plain(withoutRemark(a)) !== plain(withoutRemark(b));
  expect(rows.filter((row) => [row.article, row.full, row.repository].some((cell) => cell === '')).map((row) => row.name)).toEqual([]);
  expect(
    rows
      .filter(({ article, full: ours, repository: small, reason }) => reason === '' && (differs(article, ours) || differs(ours, small)))
      .map((row) => row.name),
  ).toEqual([]);
});
