// The messages in docs/troubleshooting.md are those of the library.

import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';

const sources = globSync('src/**/*.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')
  // Long messages consist of several literals.
  .replace(/['"`] \+\s+['"`]/g, '');
const sections = readFileSync('docs/troubleshooting.md', 'utf8')
  .split(/^## /m)
  .filter((section) => !section.startsWith('No error'));

test('every message in the troubleshooting guide occurs in the sources', () => {
  const cells = sections.flatMap((section) => [...section.matchAll(/^\| (`.*?) \|/gm)].map((match) => match[1] ?? ''));
  const sentences = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
  expect(sentences.length).toBeGreaterThan(15);
  expect(sentences.filter((sentence) => !sources.includes(sentence))).toEqual([]);
});
