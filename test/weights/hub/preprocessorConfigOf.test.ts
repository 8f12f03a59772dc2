import { expect, test } from 'vitest';
import { completePreprocessing } from '../../../src/image/internal.js';
import type { Preprocessing } from '../../../src/image/index.js';
import type { Normalization } from '../../../src/scaling/index.js';
import { preprocessorConfig } from '../../../src/weights/hub/preprocessorConfig.js';
import { preprocessorConfigOf } from '../../../src/weights/hub/preprocessorConfigOf.js';

const configOf = (preprocessing: Preprocessing, normalization: Normalization = 'imagenet') =>
  preprocessorConfigOf('exportTransformers', completePreprocessing('test', preprocessing), normalization, 3);

const PILLOW = { interpolation: 'bicubic', resampler: 'pillow', margins: 'floor' } as const;

test.each<[Preprocessing, Normalization]>([
  [{ ...PILLOW, inputSize: 224, fit: 'stretch' }, 'imagenet'],
  [{ ...PILLOW, inputSize: [64, 96], fit: 'stretch', interpolation: 'nearest' }, 'none'],
  [
    { ...PILLOW, inputSize: 224, fit: 'stretch', cropFraction: 0.875 },
    { mean: 0.5, std: 0.5 },
  ],
  [
    { ...PILLOW, inputSize: 224, fit: 'resizeCrop', cropFraction: 0.875 },
    { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] },
  ],
])('%j is read as it was written', (preprocessing, normalization) => {
  const { config, differences } = configOf(preprocessing, normalization);
  expect(differences).toEqual([]);
  const back = preprocessorConfig(
    { where: 'test', name: 'test', content: JSON.parse(JSON.stringify(config)) as object as Record<string, unknown> },
    3,
  );
  expect(completePreprocessing('test', back.preprocessing)).toEqual(completePreprocessing('test', preprocessing));
  const each = (value: number | readonly number[]): readonly number[] => (typeof value === 'number' ? [value, value, value] : value);
  const plain = normalization === 'none' ? { mean: 0, std: 1 / 255 } : normalization;
  if (plain === 'imagenet') expect(back.normalization).toBe('imagenet');
  else expect(back.normalization).toEqual({ mean: each(plain.mean), std: each(plain.std) });
});

test.each<[Preprocessing, readonly string[]]>([
  [{ inputSize: 224, fit: 'stretch' }, ["resizes with Pillow's bilinear method in place of TensorFlow's, which does not antialias"]],
  [
    { inputSize: 224, fit: 'crop', cropFraction: 0.875, antialias: true },
    ["resizes with Pillow's bilinear method in place of TensorFlow's", 'crops after resizing, not before'],
  ],
  [{ ...PILLOW, inputSize: 224, fit: 'resizeCrop', cropFraction: 0.88, margins: 'even' }, []],
  [{ ...PILLOW, inputSize: 224, fit: 'resizeCrop', cropFraction: 0.879, margins: 'even' }, []],
  [{ ...PILLOW, inputSize: 224, fit: 'resizeCrop', cropFraction: 0.9, margins: 'even' }, []],
  [{ ...PILLOW, inputSize: 225, fit: 'resizeCrop', cropFraction: 0.875, margins: 'even' }, []],
  [{ ...PILLOW, inputSize: [64, 96], fit: 'resizeCrop' }, ['resizes the shortest edge of images to the larger side of the input']],
])('%j is approximated, and the result says how', (preprocessing, differences) => {
  expect(configOf(preprocessing).differences).toEqual(differences);
});

test.each(['pad', 'resizePad'] as const)('%s is refused', (fit) => {
  expect(() => configOf({ inputSize: 224, fit })).toThrowErrorMatchingSnapshot();
});
