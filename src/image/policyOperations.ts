// The operations that AutoAugment, RandAugment and TrivialAugment use. Each operation has its own unit of strength.

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

/** The name of an operation. */
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

/** The gray level that fills the area outside a warped image. */
const FILL = 128;

/**
 * Applies one operation to an image.
 *
 * The unit of `strength` depends on the operation: degrees for Rotate, bits for Posterize, a level for Solarize and SolarizeAdd, a slope
 * for Shear, a fraction of the side length for Translate, and a blending factor for Color, Contrast, Brightness and Sharpness.
 * AutoContrast, Equalize and Invert ignore it.
 *
 * @returns 8-bit pixels of the same size.
 * @throws {OptionError} when the operation is unknown or the strength is invalid for it. {@link ShapeError} when Color or Contrast is
 * applied to an image that does not have three channels.
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

/** Throws unless all operations can be applied to the image. Policies thus fail at the first image and not at a random one. */
export function checkChannels(where: string, { channels }: Pixels, operations: readonly PolicyOperation[]): void {
  const needy = operations.find((operation) => operation === 'Color' || operation === 'Contrast');
  if (needy !== undefined && channels !== 3)
    throw new ShapeError(`${where}: expected an image of 3 channels for operation '${needy}', received ${channels}.`);
}

/** Applies an operation. The caller has checked the arguments. */
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

/** Returns the matrix of a counterclockwise rotation about the center. */
function rotation({ width, height }: Pixels, degrees: number): Matrix {
  const angle = (-degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [y, x] = [height / 2, width / 2];
  return [cos, -sin, y - cos * y + sin * x, sin, cos, x - sin * y - cos * x];
}
