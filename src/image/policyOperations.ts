// The operations that AutoAugment, RandAugment and TrivialAugment choose from, by name, each with a strength of its own unit.

import { check, finite, keysOf, oneOf, rule } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { checkPixels, type Pixels } from './pixels.js';
import {
  autoContrast,
  enhanceBrightness,
  enhanceColor,
  enhanceContrast,
  enhanceSharpness,
  equalize,
  invert,
  posterize,
  solarize,
  solarizeAdd,
  toBytes,
} from './levels.js';
import { warpPillow, type Matrix } from './warp.js';

/** An operation of a policy. */
export type PolicyOperation =
  | 'AutoContrast'
  | 'Equalize'
  | 'Invert'
  | 'Rotate'
  | 'Posterize'
  | 'Solarize'
  | 'SolarizeAdd'
  | 'Color'
  | 'Contrast'
  | 'Brightness'
  | 'Sharpness'
  | 'ShearX'
  | 'ShearY'
  | 'TranslateX'
  | 'TranslateY';

export const POLICY_OPERATIONS = /* @__PURE__ */ keysOf<PolicyOperation>({
  AutoContrast: true,
  Equalize: true,
  Invert: true,
  Rotate: true,
  Posterize: true,
  Solarize: true,
  SolarizeAdd: true,
  Color: true,
  Contrast: true,
  Brightness: true,
  Sharpness: true,
  ShearX: true,
  ShearY: true,
  TranslateX: true,
  TranslateY: true,
});

/** Grey of the area a warp uncovers. */
const FILL = 128;

/**
 * Applies one operation: degrees for Rotate, bits for Posterize, a level for Solarize and SolarizeAdd, a slope for Shear, a share of the
 * side for Translate, a blending factor for the rest; the first three take none.
 *
 * @returns 8-bit pixels of the same size.
 * @throws {OptionError} when the operation is unknown or cannot have the strength. {@link ShapeError} when Color or Contrast is applied to
 *   an image without three channels.
 * @see timm/data/auto_augment.py; Pillow's ImageOps and ImageEnhance
 */
export function applyPolicyOperation(image: Pixels, operation: PolicyOperation, strength = 0): Pixels {
  const where = 'applyPolicyOperation';
  checkPixels(where, image);
  check(where, 'operation', operation, oneOf(...POLICY_OPERATIONS));
  check(where, 'strength', strength, operation === 'Posterize' ? bits : finite);
  checkChannels(where, image, [operation]);
  return applyOperation(image, operation, strength);
}

const bits = rule<number>(
  'an integer in [0, 8], the number of bits,',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 8,
);

/** Throws unless all the operations can be applied to the image, so that policies fail at their first image instead of at a random one. */
export function checkChannels(where: string, { channels }: Pixels, operations: readonly PolicyOperation[]): void {
  const needy = operations.find((operation) => operation === 'Color' || operation === 'Contrast');
  if (needy !== undefined && channels !== 3)
    throw new ShapeError(`${where}: expected an image of 3 channels for operation '${needy}', received ${channels}.`);
}

/** Applies an operation to an image, once both are checked. */
export function applyOperation(image: Pixels, operation: PolicyOperation, strength: number): Pixels {
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
