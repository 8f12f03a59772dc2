import { expect, test, vi } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as withKernels from '../../src/image/index.js';

function picture(width: number, height: number, kind: Uint8ArrayConstructor | Float32ArrayConstructor): withKernels.Pixels {
  const random = createRandom(width * height);
  return { width, height, channels: 3, data: new kind(Array.from({ length: width * height * 3 }, () => 255 * random.next())) };
}

const SIZES = [
  [1, 1],
  [1, 7],
  [2, 2],
  [3, 5],
  [17, 13],
  [64, 48],
] as const;
const FILL_MODES = ['nearest', 'constant', 'reflect', 'wrap'] as const;

const operations: Record<string, (image: typeof withKernels, pixels: withKernels.Pixels) => withKernels.Pixels> = {
  'resize, smaller': ({ resize }, pixels) => resize(pixels, [5, 4]),
  'resize, larger': ({ resize }, pixels) => resize(pixels, [50, 71]),
  'resize, antialias': ({ resize }, pixels) => resize(pixels, [9, 6], { antialias: true }),
  ...Object.fromEntries(
    FILL_MODES.map((fillMode) => [
      `affine, ${fillMode}`,
      ({ affine }: typeof withKernels, pixels: withKernels.Pixels) =>
        affine(pixels, { rotation: 30, shear: 10, scale: [1.25, 0.7], translation: [-1.5, 0.7], fillMode, fillValue: 9 }),
    ]),
  ),
  'affine, far away': ({ affine }, pixels) => affine(pixels, { translation: [1000, -1000] }),
  'affine, nothing to do': ({ affine }, pixels) => affine(pixels, {}),
  'rotation as Pillow does': ({ applyPolicyOperation }, pixels) => applyPolicyOperation(pixels, 'Rotate', 20),
  brightness: ({ adjustBrightness }, pixels) => adjustBrightness(pixels, 0.3),
  contrast: ({ adjustContrast }, pixels) => adjustContrast(pixels, 1.7),
  'saturation, less': ({ adjustSaturation }, pixels) => adjustSaturation(pixels, 0.3),
  'saturation, more': ({ adjustSaturation }, pixels) => adjustSaturation(pixels, 3),
  hue: ({ adjustHue }, pixels) => adjustHue(pixels, 0.2),
  lighting: ({ adjustLighting }, pixels) => adjustLighting(pixels, [0.5, -1, 2]),
};

// These equal TensorFlow to the last bit, whichever loops run.
const EXACT = new Set(['resize, smaller', 'resize, larger']);

test.each(Object.entries(operations))('%s: compiled and JavaScript loops agree for every size and type of image', async (name, operate) => {
  const plain = await withoutWebAssembly();
  for (const [width, height] of SIZES) {
    for (const kind of [Uint8Array, Float32Array]) {
      const pixels = picture(width, height, kind);
      const before = pixels.data.slice();
      const [own, expected] = [operate(withKernels, pixels), operate(plain, pixels)];
      expect({ ...own, data: own.data.constructor }).toEqual({ ...expected, data: expected.data.constructor });
      if (EXACT.has(name)) expect(own.data).toEqual(expected.data);
      else expect(own.data).toBeAllclose(expected.data, { tolerance: 1e-4 });
      expect(pixels.data).toEqual(before);
    }
  }
});

test('a result does not change when the next image reuses the memory', () => {
  const first = withKernels.adjustBrightness(picture(8, 8, Uint8Array), 0.1);
  const copy = first.data.slice();
  withKernels.resize(picture(90, 90, Float32Array), 64);
  expect(first.data).toEqual(copy);
});

/** Imports the folder as if WebAssembly were not available, which is checked at the first use. */
async function withoutWebAssembly(): Promise<typeof withKernels> {
  vi.stubGlobal('WebAssembly', undefined);
  vi.resetModules();
  const image = await import('../../src/image/index.js');
  image.resize(picture(4, 4, Uint8Array), 2);
  vi.unstubAllGlobals();
  return image;
}
