// Converts the preprocessor_config.json of transformers' EfficientNetImageProcessor to a preprocessing and a normalization.
// preprocessorConfigOf.ts does the opposite.

import { arrayOf, boolean, either, finite, keysOf, oneOf, positive, positiveInteger, record, rule } from '../../core/internal.js';
import type { Interpolation, Preprocessing } from '../../image/index.js';
import { isJsonObject, refused, setting, type JsonFile } from './hubFiles.js';
import { namedNormalization, type HubInput } from './hubNetwork.js';

/** Pillow's codes of its resampling methods. 1 is Lanczos and 5 Hamming, which this library does not have. */
export const RESAMPLE: Readonly<Record<Interpolation, number>> = { nearest: 0, bilinear: 2, bicubic: 3, area: 4 };

type Sides = readonly [height: number, width: number];

const channelNumbers = either(finite, arrayOf(finite));
const channelDeviations = either(positive, arrayOf(positive));

/**
 * Converts the configuration of an image processor.
 *
 * The processor computes `(pixel * rescale_factor - 1 - mean) / std`, with the 1 only for `rescale_offset`, and divides by `std` again for
 * `include_top`. The result is one mean and one standard deviation per channel for pixels divided by 255.
 *
 * @param channels - Number of channels of the network.
 * @throws {WeightsError} when a value is damaged, or no preprocessing of this library computes the same.
 * @see transformers/models/efficientnet/image_processing_efficientnet.py
 */
export function preprocessorConfig(file: JsonFile, channels: number): HubInput {
  const { content } = file;
  const type = content['image_processor_type'] ?? content['feature_extractor_type'];
  if (typeof type !== 'string' || !type.startsWith('EfficientNet')) {
    throw refused(file, 'image_processor_type', "'EfficientNetImageProcessor'", type, 'Other processors compute something else.');
  }
  for (const key of ['do_pad', 'pad_size'])
    if ((content[key] ?? false) !== false) throw refused(file, key, 'false', content[key], 'The images are resized, not padded.');
  return { preprocessing: preprocessingOf(file), normalization: normalizationOf(file, channels) };
}

function preprocessingOf(file: JsonFile): Preprocessing {
  if (!setting(file, 'do_resize', boolean, true)) throw refused(file, 'do_resize', 'true', false, 'The network needs images of one size.');
  const code = setting(file, 'resample', oneOf(0, 1, 2, 3, 4, 5), 3);
  const interpolation = keysOf(RESAMPLE).find((name) => RESAMPLE[name] === code);
  if (interpolation === undefined)
    throw refused(
      file,
      'resample',
      '0 (nearest), 2 (bilinear), 3 (bicubic) or 4 (box)',
      code,
      'This library has neither Lanczos nor Hamming.',
    );
  const common = { interpolation, resampler: 'pillow' } as const;
  const crop = setting(file, 'do_center_crop', boolean, false) ? exactSize(file, 'crop_size') : undefined;
  const size = file.content['size'];
  const edge = isJsonObject(size) ? size['shortest_edge'] : undefined;
  if (edge !== undefined && isJsonObject(size) && Object.keys(size).length === 1) {
    if (!positiveInteger.accepts(edge)) throw refused(file, 'size', 'a positive integer for `shortest_edge`', size);
    if (crop === undefined || crop[0] !== crop[1] || crop[0] > edge)
      throw refused(file, 'crop_size', 'a center crop to a square that is not larger than the shortest edge', file.content['crop_size']);
    return { ...common, inputSize: crop[0], fit: 'resizeCrop', ...cropOf(file, crop, [edge, edge]) };
  }
  const whole = exactSize(file, 'size');
  return { ...common, inputSize: asSize(crop ?? whole), fit: 'stretch', ...(crop === undefined ? {} : cropOf(file, crop, whole)) };
}

function asSize([height, width]: Sides): number | Sides {
  return height === width ? height : [height, width];
}

/** Older processors wrote a number for a square. */
function exactSize(file: JsonFile, key: string): Sides {
  const expected = 'a positive integer, or an object with height and width,';
  const value = setting(
    file,
    key,
    rule<object | number>(expected, (each) => positiveInteger.accepts(each) || record.accepts(each)),
  );
  if (typeof value === 'number') return [value, value];
  const { height, width, ...rest } = value as Readonly<Record<string, unknown>>;
  if (!positiveInteger.accepts(height) || !positiveInteger.accepts(width) || Object.keys(rest).length > 0)
    throw refused(file, key, expected, value);
  return [height, width];
}

/** Returns the options of a center crop: the share for which the crop of the whole size is exactly the input. */
function cropOf(file: JsonFile, crop: Sides, whole: Sides): Pick<Preprocessing, 'cropFraction' | 'margins'> {
  const fraction = Math.min(crop[0] / whole[0], crop[1] / whole[1]);
  const fits = [fraction, fraction - Number.EPSILON].find((share) => crop.every((side, i) => Math.floor(side / share) === whole[i]));
  if (fraction > 1 || fits === undefined)
    throw refused(file, 'crop_size', 'the same share of the height and the width in `size`', file.content['crop_size']);
  return fits === 1 ? {} : { cropFraction: fits, margins: 'floor' };
}

function normalizationOf(file: JsonFile, channels: number): HubInput['normalization'] {
  const rescales = setting(file, 'do_rescale', boolean, true);
  const factor = rescales ? setting(file, 'rescale_factor', positive, 1 / 255) : 1;
  const offset = rescales && setting(file, 'rescale_offset', boolean, false) ? 1 : 0;
  const normalizes = setting(file, 'do_normalize', boolean, true);
  const again = setting(file, 'include_top', boolean, true);
  const perChannel = (value: number | readonly number[], key: string): readonly number[] => {
    const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
    if (values.length !== channels) throw refused(file, key, `one number or ${channels}`, value);
    return values;
  };
  const zeros = new Array<number>(channels).fill(0);
  const mean = normalizes ? perChannel(setting(file, 'image_mean', channelNumbers), 'image_mean') : zeros;
  const deviation = normalizes || again ? perChannel(setting(file, 'image_std', channelDeviations), 'image_std') : zeros;
  // Pixels are divided by 255 here, and multiplied with the factor there.
  const scale = 255 * factor;
  const isPlain = Math.abs(scale - 1) < 1e-9;
  const power = (normalizes ? 1 : 0) + (again ? 1 : 0);
  return namedNormalization(
    mean.map((value) => (value + offset) / (isPlain ? 1 : scale)),
    deviation.map((value) => value ** power / (isPlain ? 1 : scale)),
  );
}
