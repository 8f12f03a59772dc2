// Relative links on every page point to existing files and headings.

import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync(['docs/*.md', 'examples/**/*.md'], { cwd: ROOT })];

const textOf = (file: string): string => readFileSync(file, 'utf8').replaceAll(/^```.*?^```/gms, '');

/** GitHub's rule: lower case, words joined by hyphens, punctuation dropped. */
const anchorsOf = (file: string): string[] =>
  [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );

test.each(pages)('the links of %s lead somewhere', (page) => {
  const broken: string[] = [];
  for (const [, link = ''] of textOf(path.join(ROOT, page)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? path.join(ROOT, page) : path.join(ROOT, path.dirname(page), target);
    if (!existsSync(file)) broken.push(link);
    else if (anchor !== undefined && (!statSync(file).isFile() || !anchorsOf(file).includes(anchor))) broken.push(link);
  }
  expect(broken).toEqual([]);
});
