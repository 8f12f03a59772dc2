import { randomFlip, type Pixels } from '../../../src/index.js';
import type { BaseCalls } from './baseCall.js';

const image: Pixels = { width: 6, height: 4, channels: 3, data: Uint8Array.from({ length: 72 }, (_, i) => 3 * i) };
const resizing = { interpolation: 'bicubic', antialias: true, resampler: 'tensorflow' } as const;
const fitting = { ...resizing, cropFraction: 0.875, margins: 'even', fillValue: [0, 128, 255] } as const;
const preprocessing = { ...fitting, inputSize: [4, 4], fit: 'resizePad' } as const;

export const imageCalls: BaseCalls = {
  adjustBrightness: { args: () => [image, 0.1] },
  adjustContrast: { args: () => [image, 1.1] },
  adjustHue: { args: () => [image, 0.1] },
  adjustLighting: { args: () => [image, [0.1, 0.1, 0.1]] },
  adjustSaturation: { args: () => [image, 1.1] },
  affine: { args: () => [image, { rotation: 10, translation: [1, 1], shear: 5, scale: [1, 2], fillMode: 'constant', fillValue: 128 }] },
  applyPolicyOperation: { args: () => [image, 'Posterize', 4] },
  autoAugment: { args: () => [] },
  centerCrop: { args: () => [image, [2, 3], { margins: 'ceil' }] },
  colorJitter: { args: () => [{ brightness: 0.1, contrast: [0.9, 1.1], saturation: 0.1, hue: 0.1 }] },
  crop: { args: () => [image, { top: 1, left: 1, height: 2, width: 2 }] },
  evalTransform: { args: () => ['imagenet', 8] },
  flipHorizontal: { args: () => [image] },
  flipVertical: { args: () => [image] },
  gaussianBlur: { args: () => [image, 1] },
  oneOfTransforms: { args: () => [randomFlip(), randomFlip()] },
  paddedCenterCrop: { args: () => [image, 4, { ...resizing, padding: 1 }] },
  pcaLighting: { args: () => [{ sigma: 0.1 }] },
  preprocess: { args: () => [image, preprocessing] },
  preprocessingOf: { args: () => [preprocessing] },
  randAugment: { args: () => [{ layers: 1, magnitude: 5, operations: ['Rotate', 'Invert'] }] },
  randomAffine: { args: () => [{ rotation: 10, shift: [0.1, 0.1], shear: 5, zoom: [0.9, 1.1], fillMode: 'reflect', fillValue: 128 }] },
  randomBlur: { args: () => [{ sigma: [0.5, 1], probability: 0.5 }] },
  randomErasing: {
    args: () => [{ probability: 0.5, area: [0.1, 0.2], aspectRatio: [0.5, 2], fillMode: 'constant', fillValue: [0, 128, 255] }],
  },
  randomFlip: { args: () => [{ direction: 'vertical', probability: 0.5 }] },
  randomGrayscale: { args: () => [{ probability: 0.5 }] },
  randomly: { args: () => [0.5, randomFlip()] },
  randomResizedCrop: { args: () => [4, { ...resizing, area: [0.5, 1], aspectRatio: [0.75, 1.5] }] },
  resize: { args: () => [image, [2, 3], resizing] },
  resizeShorterSide: { args: () => [image, 2, resizing] },
  resizeTo: { args: () => [image, 4, 'crop', fitting] },
  resizing: { args: () => [4, resizing] },
  sequence: { args: () => [randomFlip(), randomFlip()] },
  toGrayscale: { args: () => [image] },
  trainAugmentation: { args: () => ['xray', 8] },
  transformOf: { args: () => ['flip', (pixels: Pixels) => pixels, preprocessing] },
  trivialAugment: { args: () => [] },
};
