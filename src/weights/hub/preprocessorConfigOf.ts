// Converts a preprocessing and a normalization to the preprocessor_config.json of transformers' EfficientNetImageProcessor.
// preprocessorConfig.ts does the opposite.

import { invalid } from '../../core/internal.js';
import type { CompletePreprocessing } from '../../image/index.js';
import { channelStatistics } from '../../scaling/internal.js';
import type { Normalization } from '../../scaling/index.js';
import { RESAMPLE } from './preprocessorConfig.js';

/** The content of a preprocessor_config.json, and what the processor does differently. */
export interface PreprocessorConfigResult {
  readonly config: Readonly<Record<string, unknown>>;
  /** What the processor does differently from the preprocessing, one phrase for each. Empty if both compute the same. */
  readonly differences: readonly string[];
}

/**
 * Returns the configuration of the image processor that computes the same as a preprocessing and a normalization, or comes closest to it.
 *
 * @param where - The function that the user called, for error messages.
 * @param channels - Number of channels of the network.
 * @throws {OptionError} when the processor has nothing like the preprocessing: it cannot pad images.
 */
export function preprocessorConfigOf(
  where: string,
  preprocessing: CompletePreprocessing,
  normalization: Normalization,
  channels: number,
): PreprocessorConfigResult {
  const { inputSize, fit, cropFraction, margins, interpolation, antialias, resampler } = preprocessing;
  if (fit === 'pad' || fit === 'resizePad') {
    throw invalid(
      where,
      'preprocessing.fit',
      "'stretch', 'resizeCrop' or 'crop'",
      fit,
      "transformers' EfficientNetImageProcessor cannot pad images.",
    );
  }
  const [height, width] = inputSize;
  const whole = inputSize.map((side) => Math.floor(side / cropFraction)) as [number, number];
  const crops = fit !== 'stretch' || cropFraction !== 1;
  const isSquare = height === width;
  const differences = [
    ...(resampler === 'pillow'
      ? []
      : [`resizes with Pillow's ${interpolation} method in place of TensorFlow's${antialias ? '' : ', which does not antialias'}`]),
    ...(fit === 'crop' ? ['crops after resizing, not before'] : []),
    ...(crops && margins !== 'floor' && inputSize.some((side, i) => ((whole[i] ?? side) - side) % 2 === 1)
      ? ['rounds the margins of an odd crop down']
      : []),
    ...(fit === 'resizeCrop' && !isSquare ? ['resizes the shortest edge of images to the larger side of the input'] : []),
  ];
  const statistics = channelStatistics(normalization, channels);
  return {
    differences,
    config: {
      image_processor_type: 'EfficientNetImageProcessor',
      do_resize: true,
      size: fit === 'stretch' ? { height: whole[0], width: whole[1] } : { shortest_edge: Math.max(...whole) },
      resample: RESAMPLE[interpolation],
      do_center_crop: crops,
      crop_size: { height, width },
      do_rescale: statistics !== null,
      rescale_factor: 1 / 255,
      rescale_offset: false,
      do_normalize: statistics !== null,
      image_mean: statistics?.mean ?? new Array<number>(channels).fill(0),
      image_std: statistics?.std ?? new Array<number>(channels).fill(1),
      // Otherwise, the processor would divide by the standard deviation a second time.
      include_top: false,
    },
  };
}
