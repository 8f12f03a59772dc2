import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AUTO_AUGMENT_V0 } from '../../src/image/internal.js';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/image/${name}`, import.meta.url), 'utf8'));

interface Picture {
  height: number;
  width: number;
  image: number[];
}

const timm = read('policy.json') as Picture & {
  cases: { op: string; value: number | null; output: number[] }[];
  policy: [string, number, number][][];
};

test('AutoAugment v0 has the 25 pairs of timm', () => {
  expect(AUTO_AUGMENT_V0.map((pair) => pair.map((step) => [...step]))).toEqual(
    timm.policy.map((pair) => pair.map(([name, ...rest]) => [name.replace('Rel', ''), ...rest])),
  );
});
