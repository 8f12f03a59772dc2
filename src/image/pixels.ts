// The image type used for decoding, resizing and augmentation: a typed array, not a tensor.

import { allFinite, AWAIT, invalid, isPromise, positiveInteger, rule, show } from '../core/internal.js';
import { DataError, OptionError, ShapeError } from '../core/index.js';

export { sides, size, type Size } from '../core/internal.js';

/** An image. The data is stored row by row from the top left, with interleaved channels and values in [0, 255]. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 3 for RGB, 1 for grayscale. */
  readonly channels: number;
  /** `height * width * channels` values in [0, 255]. Float32 values may have fractions. */
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array;
}

/**
 * Returns the result of `make`.
 *
 * @throws {OptionError} naming the option when `make` cannot allocate an array of the requested length.
 */
export function withinMemory<T>(where: string, option: string, value: unknown, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OptionError(`${where}: expected a value that fits into memory for \`${option}\`, received ${show(value)}.`, { cause });
  }
}

/**
 * Throws unless all values of an image are finite. Call this before creating a tensor from an image, because layers may turn NaN and
 * Infinity into plausible numbers.
 *
 * @throws {DataError} with the position of the first value that is not finite.
 */
export function checkFinitePixels(where: string, { width, channels, data }: Pixels, origin?: string): void {
  if (!(data instanceof Float32Array) || allFinite(data)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  const pixel = Math.floor(at / channels);
  const place = `at row ${Math.floor(pixel / width)}, column ${pixel % width}, channel ${at % channels}`;
  throw new DataError(`${where}: expected finite pixels${origin === undefined ? '' : ` in '${origin}'`}, received ${data[at]} ${place}.`, {
    origin,
  });
}

/** A value of one channel of a pixel. */
export const level = rule<number>('a number in [0, 255]', (value) => typeof value === 'number' && value >= 0 && value <= 255);

/** Returns whether a value has the structure of an image. Does not check the length of the data. */
export function isPixels(value: unknown): value is Pixels {
  const { width, height, channels, data } = (value ?? {}) as Partial<Pixels>;
  return positiveInteger.accepts(width) && positiveInteger.accepts(height) && positiveInteger.accepts(channels) && isData(data);
}

function isData(value: unknown): value is Pixels['data'] {
  return value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof Float32Array;
}

/**
 * Throws unless the value is an image whose data has the expected length.
 *
 * @throws {OptionError} when the value is not an image.
 * @throws {ShapeError} when the data is too short or too long.
 */
export function checkPixels(where: string, value: unknown): asserts value is Pixels {
  const { data: given } = (value ?? {}) as Partial<Pixels>;
  if (Array.isArray(given) || (ArrayBuffer.isView(given) && !isData(given))) {
    throw invalid(where, 'image.data', 'a Uint8Array, Uint8ClampedArray or Float32Array', given);
  }
  const { width: wide, height: high } = (value ?? {}) as Partial<Pixels>;
  if (isData(given) && (wide === 0 || high === 0)) {
    throw new OptionError(`${where}: expected an image of at least 1 x 1 pixels, received ${high} x ${wide}.`);
  }
  if (!isPixels(value)) {
    const remedy = isPromise(value) ? ` ${AWAIT}` : '';
    throw new OptionError(`${where}: expected an image { width, height, channels, data }, received ${show(value)}.${remedy}`);
  }
  const { width, height, channels, data } = value;
  if (data.length !== width * height * channels) {
    throw new ShapeError(
      `${where}: expected ${width * height * channels} values for an image [${height}, ${width}, ${channels}], received ${data.length}.`,
    );
  }
}
