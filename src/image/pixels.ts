// A picture as a plain typed array: what decoders give and what resizing, augmentation and batching take. No tensor.

import { allFinite, invalid, positiveInteger, rule, show } from '../core/internal.js';
import { DataError, OptionError, ShapeError } from '../core/index.js';

export { sides, size, type Size } from '../core/internal.js';

/** A picture: row by row from the top left, the channels of a pixel side by side, values in [0, 255]. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 3 for RGB, 1 for grey. */
  readonly channels: number;
  /** `height * width * channels` values; floats may hold fractions, and stay within [0, 255]. */
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array;
}

/**
 * Returns what `make` returns.
 *
 * @throws {OptionError} naming the option when it asks for an array that is longer than arrays can be, or than there is memory for.
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
 * Throws unless all values of a picture are finite. For whatever makes tensors of it: layers may turn NaN and Infinity into plausible
 * numbers.
 *
 * @throws {DataError} naming the place of the first value that is not.
 */
export function checkFinitePixels(where: string, { width, channels, data }: Pixels, origin?: string): void {
  if (!(data instanceof Float32Array) || allFinite(data)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  const pixel = Math.floor(at / channels);
  const place = `at row ${Math.floor(pixel / width)}, column ${pixel % width}, channel ${at % channels}`;
  throw new DataError(
    `${where}: expected finite pixels${origin === undefined ? '' : ` in '${origin}'`}, received ${data[at]} ${place}.`,
    origin === undefined ? {} : { origin },
  );
}

/** A value that a channel of a pixel can have. */
export const level = rule<number>('a number in [0, 255]', (value) => typeof value === 'number' && value >= 0 && value <= 255);

/** Whether a value is an image, if its data has the right length. */
export function isPixels(value: unknown): value is Pixels {
  const { width, height, channels, data } = (value ?? {}) as Partial<Pixels>;
  return positiveInteger.accepts(width) && positiveInteger.accepts(height) && positiveInteger.accepts(channels) && isData(data);
}

function isData(value: unknown): value is Pixels['data'] {
  return value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof Float32Array;
}

/**
 * Throws unless the value is a picture whose data has the length its sides promise.
 *
 * @throws {OptionError} when it is no picture.
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
  if (!isPixels(value)) throw new OptionError(`${where}: expected an image { width, height, channels, data }, received ${show(value)}.`);
  const { width, height, channels, data } = value;
  if (data.length !== width * height * channels) {
    throw new ShapeError(
      `${where}: expected ${width * height * channels} values for an image [${height}, ${width}, ${channels}], received ${data.length}.`,
    );
  }
}
