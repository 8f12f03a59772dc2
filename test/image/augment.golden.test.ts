import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/image/${name}`, import.meta.url), 'utf8'));

interface Picture {
  height: number;
  width: number;
  image: number[];
}
const pixelsOf = ({ height, width, image: values }: Picture): image.Pixels => ({ height, width, channels: 3, data: Uint8Array.from(values) });

describe('tf.image and Keras', () => {
  type Color = 'adjustBrightness' | 'adjustContrast' | 'adjustHue' | 'adjustSaturation';
  interface Affine {
    params: { theta?: number; tx?: number; ty?: number; shear?: number; zx?: number; zy?: number };
    fillMode: image.FillMode;
    output: number[];
  }
  const fixture = read('augment.json') as Picture & { color: { op: Color | 'toGrayscale'; value: number; output: number[] }[]; square: Picture; affine: Affine[] };
  const pixels = pixelsOf(fixture);

  test.each(fixture.color)('$op by $value', ({ op, value, output }) => {
    const result = op === 'toGrayscale' ? image.toGrayscale(pixels) : image[op](pixels, value);
    expect(result.data).toBeAllclose(output, { tolerance: 0.02 });
  });

  test.each(fixture.affine)('affine $params with fill mode $fillMode', ({ params: { theta = 0, tx = 0, ty = 0, shear = 0, zx = 1, zy = 1 }, fillMode, output }) => {
    const result = image.affine(pixelsOf(fixture.square), { rotation: theta, translation: [-ty, -tx], shear, scale: [1 / zy, 1 / zx], fillMode, fillValue: 33 });
    expect(result.data).toBeAllclose(output, { tolerance: 0.02 });
  });
});

test('half a turn of any picture is both flips', () => {
  const pixels = { height: 3, width: 5, channels: 1, data: Uint8Array.from({ length: 15 }, (_, i) => 17 * i) };
  const turned = image.affine(pixels, { rotation: 180, fillMode: 'constant' });
  // Rounding errors put the outermost pixels just outside for the constant fill; the others must agree.
  expect(turned.data.slice(6, 9)).toBeAllclose(image.flipVertical(image.flipHorizontal(pixels)).data.slice(6, 9), { tolerance: 1e-3 });
});

describe('timm', () => {
  const fixture = read('policy.json') as Picture & { cases: { op: string; value: number | null; output: number[] }[]; policy: [string, number, number][][] };
  const pixels = pixelsOf(fixture);
  const named = (op: string) => (op[0]!.toUpperCase() + op.slice(1)).replace('Enhance', '') as image.PolicyOperation;

  test.each(fixture.cases)('$op by $value', ({ op, value, output }) => {
    const result = image.applyPolicyOperation(pixels, named(op), value ?? undefined);
    // Warps mix four pixels in another order of additions, and are truncated: a difference of one level.
    const warps = /shear|translate|rotate/.test(op);
    expect(result.data).toBeAllclose(output, { tolerance: warps ? 1 : 0 });
  });

  test('AutoAugment v0 has its 25 pairs', () => {
    expect(image.AUTO_AUGMENT_V0.map((pair) => pair.map((step) => [...step]))).toEqual(
      fixture.policy.map((pair) => pair.map(([name, ...rest]) => [name.replace('Rel', ''), ...rest])),
    );
  });
});
