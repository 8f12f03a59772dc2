// How checkpoints are evaluated, as their publishers' own packages state it: test/fixtures/preprocessing/preprocessing.py.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describePreprocessing } from '../../src/image/internal.js';
import { PRETRAINED } from '../../src/weights/index.js';

interface Stated {
  readonly inputSize: number;
  readonly cropFraction?: number;
  readonly resized?: number;
  readonly cropMode?: 'center' | 'squash' | 'border';
  readonly interpolation: 'bicubic' | 'bilinear';
  readonly antialias?: boolean;
  readonly mean: number;
  readonly std: number;
}
const { checkpoints } = JSON.parse(readFileSync(new URL('../fixtures/preprocessing/preprocessing.json', import.meta.url), 'utf8')) as {
  checkpoints: Record<string, Stated>;
};
const named = (library: string): string[] => Object.keys(PRETRAINED).filter((name) => name.startsWith(`${library}/`));

test('every checkpoint of timm and torchvision has the preprocessing and normalization its package states', () => {
  expect([...named('timm'), ...named('torchvision')].sort()).toEqual(Object.keys(checkpoints).sort());
  for (const [name, stated] of Object.entries(checkpoints)) {
    const { preprocessing, inputSize, normalization } = PRETRAINED[name]!;
    expect(inputSize, name).toBe(stated.inputSize);
    expect(preprocessing, name).toEqual({
      inputSize: stated.inputSize,
      fit: stated.cropMode === 'squash' ? 'stretch' : 'resizeCrop',
      cropFraction: expect.any(Number) as number,
      interpolation: stated.interpolation,
      antialias: true,
      resampler: 'pillow',
      margins: 'even',
    });
    if (stated.cropFraction !== undefined) expect(preprocessing.cropFraction, name).toBe(stated.cropFraction);
    else expect(Math.floor(inputSize / preprocessing.cropFraction!), name).toBe(stated.resized);
    expect(stated.antialias ?? true, name).toBe(true);
    expect(normalization === 'imagenet' ? [0.485, 0.229] : normalization, name).toEqual(
      stated.mean === 0.5 ? { mean: 0.5, std: 0.5 } : [stated.mean, stated.std],
    );
  }
  expect(
    Object.values(PRETRAINED).filter(({ preprocessing }) => preprocessing.fit === 'stretch' && preprocessing.resampler === 'pillow'),
  ).toHaveLength(10);
});

test("the other publishers' checkpoints have their published evaluation", () => {
  // Read from preprocess_for_eval of tensorflow/tpu and google/automl, and examples/imagenet/main.py of lukemelas/EfficientNet-PyTorch.
  for (const name of [...named('qubvel'), ...named('keras').filter((own) => !own.includes('v2'))]) {
    const { preprocessing, inputSize } = PRETRAINED[name]!;
    expect(preprocessing, name).toEqual({
      inputSize,
      fit: 'crop',
      cropFraction: inputSize / (inputSize + 32),
      margins: 'ceil',
      interpolation: 'bicubic',
    });
  }
  expect(PRETRAINED['keras/v2-b1']!.preprocessing).toEqual({
    inputSize: 240,
    fit: 'crop',
    cropFraction: 240 / 272,
    interpolation: 'bilinear',
  });
  expect(PRETRAINED['keras/v2-l']!.preprocessing).toEqual({ inputSize: 480, fit: 'stretch', interpolation: 'bilinear' });
  for (const name of named('lukemelas')) {
    const { preprocessing, inputSize } = PRETRAINED[name]!;
    expect(preprocessing, name).toEqual({
      inputSize,
      fit: 'resizeCrop',
      interpolation: 'bicubic',
      antialias: true,
      resampler: 'pillow',
      margins: 'even',
    });
  }
});

test("a checkpoint's evaluation says what it does", () => {
  const described = (name: string): string => describePreprocessing(PRETRAINED[name]!.preprocessing);
  expect(described('timm/tf_efficientnet_b0.in1k')).toMatchInlineSnapshot(
    `"resize to cover 256 x 256 (bicubic, Pillow), then center crop 224 x 224"`,
  );
  expect(described('timm/tf_efficientnetv2_m.in1k')).toMatchInlineSnapshot(`"resize to 480 x 480 (bicubic, Pillow)"`);
  expect(described('timm/tf_efficientnetv2_b3.in21k_ft_in1k')).toMatchInlineSnapshot(
    `"resize to 333 x 333 (bicubic, Pillow), then center crop 300 x 300"`,
  );
  expect(described('keras/b0')).toMatchInlineSnapshot(`"center crop of 0.875 of the shorter side, then resize to 224 x 224 (bicubic)"`);
});
