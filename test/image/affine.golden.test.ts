import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';
import { fixturePixels, readImageFixture, type FixtureImage } from '../support/imageFixture.js';

interface Affine {
  params: { theta?: number; tx?: number; ty?: number; shear?: number; zx?: number; zy?: number };
  fillMode: image.FillMode;
  output: number[];
}
const fixture = readImageFixture('augment.json') as { square: FixtureImage; affine: Affine[] };

test.each(fixture.affine)(
  'affine $params with fill mode $fillMode equals Keras',
  ({ params: { theta = 0, tx = 0, ty = 0, shear = 0, zx = 1, zy = 1 }, fillMode, output }) => {
    const result = image.affine(fixturePixels(fixture.square), {
      rotation: theta,
      translation: [-ty, -tx],
      shear,
      scale: [1 / zy, 1 / zx],
      fillMode,
      fillValue: 33,
    });
    expect(result.data).toBeAllclose(output, { tolerance: 0.02 });
  },
);

test('a rotation by 180 degrees equals both flips', () => {
  const pixels = { height: 3, width: 5, channels: 1, data: Uint8Array.from({ length: 15 }, (_, i) => 17 * i) };
  const turned = image.affine(pixels, { rotation: 180, fillMode: 'constant' });
  // Rounding errors put the outermost pixels just outside for the constant fill; the others must agree.
  expect(turned.data.slice(6, 9)).toBeAllclose(image.flipVertical(image.flipHorizontal(pixels)).data.slice(6, 9), { tolerance: 1e-3 });
});
