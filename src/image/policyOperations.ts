// The operations that AutoAugment, RandAugment and TrivialAugment choose from, by name, each with a strength of its own unit.

import type { Pixels } from './pixels.js';
import { autoContrast, enhanceBrightness, enhanceColor, enhanceContrast, enhanceSharpness, equalize, invert, posterize, solarize, solarizeAdd, toBytes } from './levels.js';
import { warpPillow, type Matrix } from './warp.js';

export const POLICY_OPERATIONS = [
  'AutoContrast', 'Equalize', 'Invert', 'Rotate', 'Posterize', 'Solarize', 'SolarizeAdd', 'Color', 'Contrast', 'Brightness', 'Sharpness',
  'ShearX', 'ShearY', 'TranslateX', 'TranslateY',
] as const;

/** An operation of a policy. */
export type PolicyOperation = (typeof POLICY_OPERATIONS)[number];

/** Grey of the area a warp uncovers. */
const FILL = 128;

/**
 * Applies one operation: degrees for Rotate, bits for Posterize, a level for Solarize and SolarizeAdd, a slope for Shear, a share of the
 * side for Translate, a blending factor for the rest; the first three take none.
 *
 * @returns 8-bit pixels of the same size.
 * @see timm/data/auto_augment.py; Pillow's ImageOps and ImageEnhance
 */
export function applyPolicyOperation(image: Pixels, operation: PolicyOperation, strength = 0): Pixels {
  switch (operation) {
    case 'AutoContrast':
      return autoContrast(image);
    case 'Equalize':
      return equalize(image);
    case 'Invert':
      return invert(image);
    case 'Posterize':
      return posterize(image, strength);
    case 'Solarize':
      return solarize(image, strength);
    case 'SolarizeAdd':
      return solarizeAdd(image, strength);
    case 'Color':
      return enhanceColor(image, strength);
    case 'Contrast':
      return enhanceContrast(image, strength);
    case 'Brightness':
      return enhanceBrightness(image, strength);
    case 'Sharpness':
      return enhanceSharpness(image, strength);
    case 'Rotate':
      return warped(image, rotation(image, strength));
    case 'ShearX':
      return warped(image, [1, 0, 0, strength, 1, 0]);
    case 'ShearY':
      return warped(image, [1, strength, 0, 0, 1, 0]);
    case 'TranslateX':
      return warped(image, [1, 0, 0, 0, 1, strength * image.width]);
    case 'TranslateY':
      return warped(image, [1, 0, strength * image.height, 0, 1, 0]);
  }
}

function warped(pixels: Pixels, matrix: Matrix): Pixels {
  const result = warpPillow(toBytes(pixels), matrix, FILL);
  return { ...result, data: new Uint8Array(result.data) };
}

/** Anticlockwise about the center. */
function rotation({ width, height }: Pixels, degrees: number): Matrix {
  const angle = (-degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [y, x] = [height / 2, width / 2];
  return [cos, -sin, y - cos * y + sin * x, sin, cos, x - sin * y - cos * x];
}
