// Scales the width of a network. roundRepeats.ts scales its depth.

import { checkNumbers, checkOptions, positive, positiveInteger, probability } from '../core/internal.js';

/** Options of {@link roundFilters}. */
export interface RoundFiltersOptions {
  /** The result is a multiple of this number. @defaultValue 8 */
  readonly divisor?: number | undefined;
  /** The smallest result; called `min_depth` in other implementations. @defaultValue the divisor */
  readonly minFilters?: number | undefined;
  /** Fraction of the scaled filters that must remain after rounding down. EfficientNetV2 uses 0. @defaultValue 0.9 */
  readonly minShare?: number | undefined;
}

/**
 * Scales a number of filters by the width coefficient and rounds it to the nearest multiple of the divisor. If rounding down would remove
 * more than 10% of the filters, it rounds up instead.
 *
 * @param widthCoefficient - 1 for B0, 2 for B7.
 * @throws {OptionError} when a value is not a positive number, or an option is unknown.
 * @example
 * roundFilters(32, 1.1); // 32, the multiple of 8 nearest to 35.2
 * roundFilters(10, 1.1); // 16, because 8 is less than 90% of 11
 * @see EfficientNet (arXiv 1905.11946) section 3.3; `round_filters` in keras/src/applications/efficientnet.py
 */
export function roundFilters(filters: number, widthCoefficient: number, options: RoundFiltersOptions = {}): number {
  checkNumbers('roundFilters', { filters, widthCoefficient }, positive);
  checkOptions('roundFilters', options, { divisor: positiveInteger, minFilters: positiveInteger, minShare: probability });
  const { divisor = 8, minFilters = divisor, minShare = 0.9 } = options;
  const scaled = filters * widthCoefficient;
  const nearest = Math.floor((scaled + divisor / 2) / divisor) * divisor;
  const rounded = Math.max(minFilters, nearest);
  return rounded < minShare * scaled ? rounded + divisor : rounded;
}
