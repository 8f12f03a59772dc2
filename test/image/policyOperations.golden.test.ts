import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/image/${name}`, import.meta.url), 'utf8'));

interface Picture {
  height: number;
  width: number;
  image: number[];
}
const pixelsOf = ({ height, width, image: values }: Picture): image.Pixels => ({
  height,
  width,
  channels: 3,
  data: Uint8Array.from(values),
});

const timm = read('policy.json') as Picture & {
  cases: { op: string; value: number | null; output: number[] }[];
  policy: [string, number, number][][];
};
const pixels = pixelsOf(timm);
const named = (op: string) => (op[0]!.toUpperCase() + op.slice(1)).replace('Enhance', '') as image.PolicyOperation;

test.each(timm.cases)('$op by $value is that of timm', ({ op, value, output }) => {
  const result = image.applyPolicyOperation(pixels, named(op), value ?? undefined);
  // Warps mix four pixels in another order of additions, and are truncated: a difference of one level.
  const warps = /shear|translate|rotate/.test(op);
  expect(result.data).toBeAllclose(output, { tolerance: warps ? 1 : 0 });
});
