// Returns the preprocessing that the authors of each network used for evaluation.

import type { Preprocessing } from '../image/index.js';
import { VARIANTS, type Variant, type VariantSpec } from '../scaling/index.js';

/**
 * Returns the evaluation preprocessing of a variant's authors. A custom spec gets the one of the first EfficientNet generation.
 *
 * @param inputShape - Height and width of the model's input. Unknown sizes default to those of the variant.
 * @see `preprocess_for_eval` in tensorflow/tpu models/official/efficientnet/preprocessing.py, for Lite and EdgeTPU with the bilinear
 *   resizing of main.py; `preprocess_for_eval` in google/automl efficientnetv2/preprocessing.py
 */
export function publishedEvaluation(variant: Variant | VariantSpec, inputShape?: readonly (number | null)[]): Preprocessing {
  const name = typeof variant === 'string' ? variant : '';
  const { inputSize: side } = typeof variant === 'string' ? VARIANTS[variant] : variant;
  const inputSize = inputShape === undefined ? side : ([inputShape[0] ?? side, inputShape[1] ?? side] as const);
  // The crop leaves a margin of 32 pixels in total at the published size.
  const cropFraction = side / (side + 32);
  if (name.startsWith('v2-')) {
    return side < 320
      ? { inputSize, fit: 'crop', cropFraction, interpolation: 'bilinear' }
      : { inputSize, fit: 'stretch', interpolation: 'bilinear' };
  }
  const interpolation = /^(lite|edgetpu)/.test(name) ? 'bilinear' : 'bicubic';
  return { inputSize, fit: 'crop', cropFraction, margins: 'ceil', interpolation };
}
