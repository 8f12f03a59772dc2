import { expect, test } from 'vitest';
import { preprocessorConfig } from '../../../src/weights/hub/preprocessorConfig.js';

const inputOf = (content: Readonly<Record<string, unknown>>) =>
  preprocessorConfig({ where: 'pretrained', name: "preprocessor_config.json of 'owner/name'", content: { ...GOOGLE, ...content } }, 3);

// As of google/efficientnet-b0.
const GOOGLE = {
  crop_size: { height: 289, width: 289 },
  do_center_crop: false,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.485, 0.456, 0.406],
  image_processor_type: 'EfficientNetImageProcessor',
  image_std: [0.47853944, 0.4732864, 0.47434163],
  include_top: true,
  resample: 0,
  rescale_factor: 0.00392156862745098,
  rescale_offset: false,
  size: { height: 224, width: 224 },
};

test("Google's processor normalizes like Keras: the second division makes the variance of it", () => {
  expect(inputOf({})).toEqual({
    preprocessing: { inputSize: 224, fit: 'stretch', interpolation: 'nearest', resampler: 'pillow' },
    normalization: 'imagenet',
  });
});

test.each<[Readonly<Record<string, unknown>>, object]>([
  [{ size: 64 }, { inputSize: 64, fit: 'stretch' }],
  [{ size: { height: 64, width: 96 } }, { inputSize: [64, 96], fit: 'stretch' }],
  [
    { size: { height: 64, width: 64 }, do_center_crop: true, crop_size: 48 },
    { inputSize: 48, fit: 'stretch', cropFraction: 0.75, margins: 'floor' },
  ],
  [
    { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: { height: 224, width: 224 } },
    { inputSize: 224, fit: 'resizeCrop', cropFraction: 0.875, margins: 'floor' },
  ],
  [{ resample: 4 }, { interpolation: 'area' }],
])('%j is the preprocessing %j', (content, preprocessing) => {
  expect(inputOf(content).preprocessing).toMatchObject(preprocessing);
});

test('for every size and crop, the share gives exactly that size', () => {
  for (const [size, crop] of [
    [346, 289],
    [256, 224],
    [299, 1],
    [300, 299],
    [49, 48],
    [1000, 7],
  ] as const) {
    const { preprocessing } = inputOf({ size, do_center_crop: true, crop_size: crop });
    expect(Math.floor(crop / (preprocessing.cropFraction ?? NaN)), `${crop} of ${size}`).toBe(size);
  }
});

test.each<[Readonly<Record<string, unknown>>, number]>([
  [{ include_top: false }, 0.47853944],
  [{ do_normalize: false }, 0.47853944],
  [{ rescale_factor: 1 / 127.5, include_top: false }, 0.47853944 / 2],
  [{ do_rescale: false, include_top: false }, 0.47853944 / 255],
  [{ do_normalize: false, include_top: false }, 1],
])('%j has the standard deviation %s', (content, std) => {
  const { normalization } = inputOf(content);
  expect((normalization as { std: readonly number[] }).std[0]).toBeCloseTo(std, 12);
});

test.each<[Readonly<Record<string, unknown>>, number]>([
  [{ rescale_offset: true, image_mean: 0.25, include_top: false }, 1.25],
  [{ rescale_factor: 1 / 127.5, rescale_offset: true, image_mean: 0, include_top: false }, 0.5],
  [{ rescale_offset: true, do_rescale: false, image_mean: 127.5, include_top: false }, 0.5],
])('%j has the mean %s', (content, mean) => {
  const { normalization } = inputOf(content);
  expect((normalization as { mean: readonly number[] }).mean[2]).toBeCloseTo(mean, 12);
});

test.each<[Readonly<Record<string, unknown>>]>([
  [{ image_processor_type: 'ViTImageProcessor' }],
  [{ image_processor_type: undefined }],
  [{ do_pad: true }],
  [{ do_resize: false }],
  [{ resample: 1 }],
  [{ resample: 'bilinear' }],
  [{ size: { shortest_edge: 224 } }],
  [{ size: { longest_edge: 224 } }],
  [{ size: { height: 64, width: 96 }, do_center_crop: true, crop_size: 48 }],
  [{ do_center_crop: true }],
  [{ image_std: undefined }],
  [{ image_std: [0, 1, 1] }],
  [{ image_mean: [0.5] }],
])('%j is refused', (content) => {
  expect(() => inputOf(content)).toThrowErrorMatchingSnapshot();
});
