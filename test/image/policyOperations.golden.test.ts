import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';
import { fixturePixels, readImageFixture, type FixtureImage } from '../support/imageFixture.js';

const timm = readImageFixture('policy.json') as FixtureImage & {
  cases: { op: string; value: number | null; output: number[] }[];
  policy: [string, number, number][][];
};
const pixels = fixturePixels(timm);
const named = (op: string) => (op[0]!.toUpperCase() + op.slice(1)).replace('Enhance', '') as image.PolicyOperation;

test.each(timm.cases)('$op by $value equals timm', ({ op, value, output }) => {
  const result = image.applyPolicyOperation(pixels, named(op), value ?? undefined);
  // Warps mix four pixels in another order of additions, and are truncated: a difference of one level.
  const warps = /shear|translate|rotate/.test(op);
  expect(result.data).toBeAllclose(output, { tolerance: warps ? 1 : 0 });
});
