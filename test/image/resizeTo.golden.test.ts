// Evaluation transforms against those of timm, torchvision, Keras and EfficientNet's authors: test/fixtures/preprocessing.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  centerCrop,
  evalTransform,
  paddedCenterCrop,
  preprocess,
  resizeShorterSide,
  resizeTo,
  type Fit,
  type Pixels,
  type ResizeToOptions,
} from '../../src/image/index.js';
import { patterned } from '../support/patterned.js';

type Sides = [height: number, width: number];
interface Fixture {
  readonly transforms: [
    ...source: Sides,
    ...target: Sides,
    fraction: number,
    mode: 'center' | 'squash' | 'border',
    interpolation: 'bicubic' | 'bilinear',
    digest: string,
  ][];
  readonly resized: [...source: Sides, length: number, ...result: Sides][];
  readonly cropped: [...source: Sides, ...size: Sides, top: number, left: number][];
}
type KerasName = 'crop' | 'pad' | 'smart' | 'google' | 'googleV2' | 'folderCrop' | 'folderPad';
interface KerasFixture {
  readonly cases: [...source: Sides, ...target: Sides, digests: Partial<Record<KerasName, string>>][];
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/preprocessing/${name}.json`, import.meta.url), 'utf8'));
const { transforms, resized, cropped } = read('preprocessing') as Fixture;
const keras = read('keras') as KerasFixture;
const digest = ({ data }: Pixels): string => createHash('sha256').update(data).digest('hex').slice(0, 12);

describe('timm and torchvision', () => {
  const FITS = { center: 'resizeCrop', squash: 'stretch', border: 'resizePad' } as const;

  test.each(['center', 'squash', 'border'] as const)("timm's crop mode %s gives the same bytes for images of every shape", (mode) => {
    const own = transforms.filter((c) => c[5] === mode);
    expect(own.length).toBeGreaterThan(60);
    const digests = own.map(([height, width, tall, wide, cropFraction, , interpolation]) =>
      digest(
        preprocess(patterned(height, width), {
          inputSize: [tall, wide],
          fit: FITS[mode],
          cropFraction,
          interpolation,
          resampler: 'pillow',
          margins: 'even',
          // round(255 * mean) of ImageNet.
          fillValue: [124, 116, 104],
        }),
      ),
    );
    expect(digests).toEqual(own.map((c) => c[7]));
  });

  test("torchvision's shorter side truncates the longer one for all of 200 shapes", () => {
    expect(resized).toHaveLength(200);
    for (const [height, width, length, ...expected] of resized) {
      const { height: tall, width: wide } = resizeShorterSide(patterned(height, width, 1), length, { interpolation: 'nearest' });
      expect([tall, wide]).toEqual(expected);
    }
    expect(resizeShorterSide(patterned(23, 29, 1), 45)).toMatchObject({ height: 45, width: 56 });
  });

  test("torchvision's center crop starts at the same pixel for all of 100 shapes with margins 'even', and Keras' with 'floor'", () => {
    expect(cropped).toHaveLength(100);
    for (const [height, width, tall, wide, top, left] of cropped) {
      const indexes: Pixels = { height, width, channels: 1, data: Float32Array.from({ length: height * width }, (_, i) => i) };
      expect(centerCrop(indexes, [tall, wide], { margins: 'even' }).data[0]).toBe(top * width + left);
      expect(centerCrop(indexes, [tall, wide]).data[0]).toBe(((height - tall) >> 1) * width + ((width - wide) >> 1));
    }
    // Both must differ somewhere, or the option does nothing: round(1.5) is 2.
    expect(centerCrop(patterned(5, 5, 1), 2, { margins: 'even' })).not.toEqual(centerCrop(patterned(5, 5, 1), 2));
  });
});

describe('Keras and the authors', () => {
  const WAYS: Record<KerasName, [fit: Fit, options?: (size: number) => ResizeToOptions]> = {
    crop: ['crop'],
    smart: ['crop'],
    folderCrop: ['crop'],
    pad: ['pad'],
    folderPad: ['resizePad'],
    google: ['crop', (size) => ({ cropFraction: size / (size + 32), margins: 'ceil' })],
    googleV2: ['crop', (size) => ({ cropFraction: size / (size + 32) })],
  };

  test.each(Object.keys(WAYS) as KerasName[])('%s gives the same floats to the last bit for images of every shape', (name) => {
    const [fit, options] = WAYS[name];
    const own = keras.cases.filter((c) => c[4][name] !== undefined);
    expect(own.length).toBeGreaterThanOrEqual(40);
    const square = name.startsWith('google');
    const digests = own.map(([height, width, tall, wide]) =>
      digest(resizeTo(patterned(height, width), square ? tall : [tall, wide], fit, options?.(tall))),
    );
    expect(digests).toEqual(own.map((c) => c[4][name]));
  });

  test("paddedCenterCrop equals the evaluation of the first generation's authors", () => {
    const own = keras.cases.slice(0, 40);
    expect(own.map(([height, width, size]) => digest(paddedCenterCrop(patterned(height, width), size)))).toEqual(
      own.map((c) => c[4].google),
    );
  });
});

test('incompatible options are rejected under the name of the called function', () => {
  const image = patterned(8, 9);
  expect(() => resizeTo(image, 4, 'squash' as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resizeTo: expected one of 'stretch', 'crop', 'pad', 'resizeCrop', 'resizePad' for \`fit\`, received 'squash'.]`,
  );
  expect(() => resizeTo(image, 4, 'crop', { cropFraction: 1.2 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resizeTo: expected a number in (0, 1] for \`cropFraction\`, received 1.2.]`,
  );
  expect(() => resizeTo(image, 4, 'crop', { margins: 'round' as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resizeTo: expected one of 'floor', 'ceil', 'even' for \`margins\`, received 'round'.]`,
  );
  expect(() => resizeTo(image, 4, 'pad', { fillValue: [1, 2] })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: resizeTo: expected 3 values for \`fillValue\`, one per channel, received 2.]`,
  );
  expect(() => resizeTo(image, 4, 'pad', { fillValue: 256 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resizeTo: expected an integer in [0, 255] or an array, each an integer in [0, 255] for \`fillValue\`, received 256.]`,
  );
  expect(() => evalTransform({ inputSize: 4, fit: 'pad', resampler: 'pillow', antialias: false })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: evalTransform: expected true with resampler 'pillow' for \`antialias\`, received false. Pillow always antialiases.]`,
  );
  expect(() => evalTransform({ inputSize: 4, fit: 'pad' }, 5)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: evalTransform: expected no value beside a preprocessing, which contains \`inputSize\`, for \`size\`, received 5.]`,
  );
  expect(() => resizeTo(image, 4, 'pad', { interpolation: 'area', antialias: true })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resizeTo: expected false with interpolation 'area' for \`antialias\`, received true. Only bilinear and bicubic support it.]`,
  );
  expect(() => resizeTo(patterned(300, 1), 4, 'resizePad')).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: resizeTo: expected an image that is at least one pixel high and wide after resizing, received [300, 1] for 4 x 4.]`,
  );
  expect(() => preprocess(image, { fit: 'crop' } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: preprocess: expected a positive integer or [height, width] for \`inputSize\`, received undefined.]`,
  );
  expect(() => preprocess(image, { inputSize: 4, fit: 'crop', method: 'bicubic' } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: preprocess: expected one of the options \`inputSize\`, \`fit\`, \`interpolation\`, \`antialias\`, \`resampler\`, \`cropFraction\`, \`margins\`, \`fillValue\`, received \`method\`.]`,
  );
  expect(() => centerCrop(image, 4, { margin: 'even' } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: centerCrop: expected the option \`margins\`, received \`margin\`. Did you mean \`margins\`?]`,
  );
});
