// Wrong calls that test/contracts/misuse does not generate: invalid values inside arrays and ranges, and errors when a
// transform is applied.

import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';

const gray: image.Pixels = { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 50, 100, 150, 200, 250) };
const color: image.Pixels = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 50, 100, 150, 200, 250) };
const random = createRandom(1);
const applied = async (transform: image.Transform, pixels: unknown = color): Promise<image.Pixels> =>
  transform.apply(pixels as image.Pixels, random);

test.each([
  () => image.randomBlur({ sigma: [2, 1] }),
  () => image.randomBlur({ sigma: [1, Infinity] }),
  () => image.colorJitter({ contrast: [1.2, 0.8] }),
  () => image.randomErasing({ area: [0.2, 0.1] }),
  () => image.randomErasing({ aspectRatio: [0, 1] }),
  () => image.randomResizedCrop(4, { aspectRatio: [2, 1] }),
  () => image.randomAffine({ zoom: [1.1, 0.9] }),
])('%s: a range that is reversed or open is refused', (act) => {
  expect(act).toThrow(/^\w+: expected .* for `(sigma|contrast|area|aspectRatio|zoom)`, received \[/);
});

test('a fill value outside the pixel range is rejected', () => {
  expect(() => image.randomErasing({ fillValue: [0, 0, 300] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: randomErasing: expected a number in [0, 255] or an array of 3, each a number in [0, 255] for \`fillValue\`, received [0, 0, 300].]`,
  );
  expect(() => image.affine(color, { fillValue: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: affine: expected a number in [0, 255] for \`fillValue\`, received -1.]`,
  );
});

test('randomAffine without any range is rejected', () => {
  expect(() => image.randomAffine({ fillMode: 'wrap' })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: randomAffine: expected at least one of rotation, shift, shear and zoom for \`options\`, received { fillMode }.]`,
  );
});

test('arrays with holes are rejected', () => {
  expect(() => image.affine(color, { translation: new Array<number>(2) as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: affine: expected an array of 2, each a finite number for \`translation\`, received [undefined, undefined].]`,
  );
});

test('an image too large for memory is rejected, with the reason as cause', () => {
  expect(() => image.resize(color, 1e6)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected an image of at most 2147483647 values for \`size\`, received 1000000.]`,
  );
  expect(() => image.resize(color, 1e6, { interpolation: 'nearest' })).toThrow('resize: expected an image of at most');
  expect(() => image.resizeTo(color, 1e6, 'pad')).toThrow(/^resizeTo: expected .* for `size`, received \[1000000, 1000000\]\.$/);
  expect(() => image.resizeTo(color, 4, 'stretch', { cropFraction: 1e-6 })).toThrow(/^resizeTo: expected .* for `size`/);
  const empty = { ...color, width: 0, data: new Uint8Array() };
  expect(() => image.resize(empty, 4)).toThrow(/^resize: expected an image of at least 1 x 1 pixels, received \d+ x 0\.$/);
});

test('values of another type are rejected', () => {
  expect(() => image.flipVertical({ ...color, data: new Int32Array(6) as never })).toThrow(
    'flipVertical: expected a Uint8Array, Uint8ClampedArray or Float32Array for `image.data`, received an instance of Int32Array.',
  );
  expect(() => image.flipVertical({ ...color, data: [0, 50, 100, 150, 200, 250] as never })).toThrow(
    'for `image.data`, received [0, 50, 100, 150, 200, 250].',
  );
});

test('the strength is checked for each operation', () => {
  expect(() => image.applyPolicyOperation(color, 'Posterize', 2.5)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: applyPolicyOperation: expected an integer in [0, 8], the number of bits, for \`strength\`, received 2.5.]`,
  );
  expect(() => image.applyPolicyOperation(gray, 'Contrast', 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: applyPolicyOperation: expected an image of 3 channels for operation 'Contrast', received 1.]`,
  );
});

test('policies reject gray images at the first image, not when an operation needs colors', async () => {
  for (const [name, policy] of Object.entries({
    randAugment: image.randAugment(),
    autoAugment: image.autoAugment(),
    trivialAugment: image.trivialAugment(),
  })) {
    await expect(applied(policy, gray)).rejects.toThrow(`${name}: expected an image of 3 channels for operation 'Color', received 1.`);
  }
  await expect(applied(image.randAugment({ operations: ['Invert'] }), gray)).resolves.toMatchObject({ channels: 1 });
});

test.each([
  image.randomFlip(),
  image.pcaLighting(),
  image.randomGrayscale(),
  image.randomBlur(),
  image.randomErasing(),
  image.trivialAugment(),
  image.evalTransform('resize', 4),
])('a transform reports its own name for what is no image, and without random numbers: $spec', async (transform) => {
  const name = transform.spec?.[0] ?? '';
  await expect(applied(transform, null)).rejects.toThrow(`${name}: expected an image { width, height, channels, data }, received null.`);
  await expect((async () => transform.apply(color, undefined as never))()).rejects.toThrow(
    `${name}: expected a stream of random numbers for \`random\`, received undefined.`,
  );
});

test('color transforms report their own name for gray images', async () => {
  await expect(applied(image.pcaLighting(), gray)).rejects.toThrow('pcaLighting: expected an image of 3 channels, received 1.');
  await expect(applied(image.randomGrayscale({ probability: 1 }), gray)).rejects.toThrow(
    'randomGrayscale: expected an image of 3 channels, received 1.',
  );
});

test('a custom function that returns no image is named', async () => {
  for (const result of [undefined, Promise.resolve(undefined)]) {
    const broken = image.transformOf('forget to return', () => result as never, 'kept');
    await expect(applied(broken)).rejects.toThrow(
      "transformOf: expected a function that returns an image { width, height, channels, data } for `apply`, received undefined. The transform is 'forget to return'.",
    );
    await expect(applied(image.sequence(broken, image.randomFlip()))).rejects.toThrow(
      'transformOf: expected a function that returns an image',
    );
  }
});

test('a preprocessing with misspelled keys is rejected', () => {
  expect(() => image.preprocessingOf({ inputSise: 224, fitt: 'crop' } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: preprocessingOf: expected a preprocessing, or a model, runtime or dataset that has one, for \`preprocessing\`, received { inputSise, fitt }.]`,
  );
  expect(() => image.preprocessingOf({ inputSize: 224, fitt: 'crop' } as never)).toThrow(
    'preprocessingOf: expected one of the options `inputSize`, `fit`',
  );
  expect(() => image.preprocessingOf({ preprocessing: 'stretch' } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: preprocessingOf: expected a preprocessing, such as { inputSize: 224, fit: 'stretch' }, for \`preprocessing\`, received 'stretch'.]`,
  );
});

test('an object that may have a preprocessing but has none gives undefined', () => {
  const predictor = { predict: () => [] };
  for (const source of [{}, { preprocessing: undefined }, predictor, { getUserDefinedMetadata: () => undefined }]) {
    expect(image.preprocessingOf(source as image.PreprocessingSource)).toBeUndefined();
  }
});

test('a model in place of a preprocessing stands for its own preprocessing', () => {
  const picture = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) };
  for (const source of [{ getUserDefinedMetadata: () => ({}) }, { preprocessing: { inputSize: 2, fit: 'stretch' }, size: 3 }])
    expect(() => image.preprocess(picture, source as never)).toThrow(
      /^preprocess: expected a preprocessing, .* Pass `preprocessingOf\(\.\.\.\)` of it\.$/,
    );
});
