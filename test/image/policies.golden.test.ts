import { expect, test } from 'vitest';
import { AUTO_AUGMENT_V0 } from '../../src/image/internal.js';
import { readImageFixture, type FixtureImage } from '../support/imageFixture.js';

const timm = readImageFixture('policy.json') as FixtureImage & {
  cases: { op: string; value: number | null; output: number[] }[];
  policy: [string, number, number][][];
};

test('AutoAugment v0 has the 25 pairs of timm', () => {
  expect(AUTO_AUGMENT_V0.map((pair) => pair.map((step) => [...step]))).toEqual(
    timm.policy.map((pair) => pair.map(([name, ...rest]) => [name.replace('Rel', ''), ...rest])),
  );
});
