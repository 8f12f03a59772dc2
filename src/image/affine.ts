// Rotation, shift, shear and zoom, as Keras' ImageDataGenerator does them.

import { arrayOf, check, checkOptions, either, finite, invalid, nonNegative, oneOf, positive, rule, type Rule } from '../core/index.js';
import { checkPixels, type Pixels } from './pixels.js';
import { transformWithSpec, type Transform } from './transform.js';
import { FILLS, warp, type Fill, type Matrix } from './warp.js';

/** One affine change, about the center of the picture. */
export interface AffineOptions {
  /** Degrees, anticlockwise. @defaultValue 0 */
  readonly rotation?: number | undefined;
  /** Pixels the content moves up and left. @defaultValue [0, 0] */
  readonly shift?: readonly [up: number, left: number] | undefined;
  /** Degrees. @defaultValue 0 */
  readonly shear?: number | undefined;
  /** Factors by which height and width of the view grow: below 1 the content grows. @defaultValue [1, 1] */
  readonly zoom?: readonly [height: number, width: number] | undefined;
  /** What lies outside the picture. @defaultValue 'nearest' */
  readonly fill?: Fill | undefined;
  /** The constant of fill 'constant', in [0, 255]. @defaultValue 0 */
  readonly fillValue?: number | undefined;
}

/**
 * Rotates, shifts, shears and zooms a picture; the result is float and has the size of the picture.
 *
 * The center is that of the picture; Keras swaps the sides when it computes it, so the two agree on square pictures.
 *
 * @see `apply_affine_transform(theta, tx, ty, shear, zx, zy, fill_mode, cval, order=1)` in keras/src/legacy/preprocessing/image.py
 */
export function affine(pixels: Pixels, options: AffineOptions = {}): Pixels {
  checkPixels('affine', pixels);
  const {
    rotation = 0,
    shift = [0, 0],
    shear = 0,
    zoom = [1, 1],
    fill = 'nearest',
    fillValue = 0,
  } = checkOptions('affine', options, {
    rotation: finite,
    shift: arrayOf(finite, 2),
    shear: finite,
    zoom: arrayOf(positive, 2),
    fill: oneOf(...FILLS),
    fillValue: finite,
  });
  const turn = (rotation * Math.PI) / 180;
  const lean = (shear * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [up, left] = shift;
  const [tall, wide] = zoom;
  // rotation * shift * shear * zoom on (x, y) about the center, written out.
  const [xx, xy] = [cos * wide, -(cos * Math.sin(lean) + sin * Math.cos(lean)) * tall];
  const [yx, yy] = [sin * wide, (cos * Math.cos(lean) - sin * Math.sin(lean)) * tall];
  const [x, y] = [(pixels.width - 1) / 2, (pixels.height - 1) / 2];
  const fromX = x - xx * x - xy * y + cos * left - sin * up;
  const fromY = y - yx * x - yy * y + sin * left + cos * up;
  const matrix: Matrix = [yy, yx, fromY, xy, xx, fromX];
  return warp(pixels, matrix, fill, fillValue);
}

/** How far pictures are changed at random. */
export interface RandomAffineOptions {
  /** Degrees, to either side. @defaultValue 0 */
  readonly rotation?: number | undefined;
  /** Shares of height and width, to either side; one number for both. @defaultValue 0 */
  readonly shift?: number | readonly [height: number, width: number] | undefined;
  /** Degrees, to either side: Keras' `shear_range` is in degrees, so 0.2 is next to nothing. @defaultValue 0 */
  readonly shear?: number | undefined;
  /** A share z for factors in [1 - z, 1 + z], for height and width apart, or [low, high]. @defaultValue 0 */
  readonly zoom?: number | readonly [low: number, high: number] | undefined;
  /** What lies outside the picture. @defaultValue 'nearest' */
  readonly fill?: Fill | undefined;
  /** The constant of fill 'constant', in [0, 255]. @defaultValue 0 */
  readonly fillValue?: number | undefined;
}

const pair = (inner: Rule<number>): Rule<number | readonly number[]> => either(inner, arrayOf(inner, 2));

/**
 * Rotates, shifts, shears and zooms each picture by random amounts, uniform in the given ranges.
 *
 * @see Keras' `ImageDataGenerator(rotation_range, height_shift_range, width_shift_range, shear_range, zoom_range, fill_mode, cval)`
 */
export function randomAffine(options: RandomAffineOptions): Transform {
  const rules = { rotation: nonNegative, shift: pair(nonNegative), shear: nonNegative, zoom: pair(nonNegative), fill: oneOf(...FILLS), fillValue: finite };
  const { rotation = 0, shift = 0, shear = 0, zoom = 0, fill = 'nearest', fillValue = 0 } = checkOptions('randomAffine', options, rules);
  const [up, left] = typeof shift === 'number' ? [shift, shift] : shift;
  const [low, high] = typeof zoom === 'number' ? [1 - zoom, 1 + zoom] : zoom;
  check('randomAffine', 'zoom', zoom, rule('factors above 0, the lower first', () => low > 0 && low <= high));
  if (Object.keys(options).length === 0) throw invalid('randomAffine', 'options', 'at least one range', options);
  const parts = [
    rotation > 0 && `rotation up to ${rotation} degrees`,
    (up > 0 || left > 0) && `shift up to ${up} of the height and ${left} of the width`,
    shear > 0 && `shear up to ${shear} degrees`,
    low < high && `zoom by ${low} to ${high}`,
  ].filter((part) => part !== false);
  return transformWithSpec(['randomAffine', options], 'kept', `affine: ${parts.join(', ')}, fill ${fill}`, (pixels, random) =>
    affine(pixels, {
      rotation: random.uniform(-rotation, rotation),
      shift: [random.uniform(-up, up) * pixels.height, random.uniform(-left, left) * pixels.width],
      shear: random.uniform(-shear, shear),
      zoom: [random.uniform(low, high), random.uniform(low, high)],
      fill,
      fillValue,
    }),
  );
}
