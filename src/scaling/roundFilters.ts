// Width scaling. Depth has its own rule in roundRepeats.ts.

import { checkNumbers, checkOptions, positive, positiveInteger, probability } from '../core/internal.js';

/** How a scaled number of filters is rounded. */
export interface RoundFiltersOptions {
  /** Filters become a multiple of this. @defaultValue 8 */
  readonly divisor?: number | undefined;
  /** Never fewer filters than this; `min_depth` elsewhere. @defaultValue the divisor */
  readonly minFilters?: number | undefined;
  /** The share of the scaled filters that rounding down must keep; EfficientNetV2 has no such guard: 0. @defaultValue 0.9 */
  readonly minShare?: number | undefined;
}

/**
 * Scales a number of filters by the width coefficient and rounds it to the nearest multiple of the divisor; where that would
 * lose more than a tenth, to the next one up.
 *
 * @param widthCoefficient - 1 for B0, 2 for B7.
 * @throws {OptionError} when a value is not a positive number, or an option is unknown.
 * @example
 * roundFilters(32, 1.1); // 32, nearest to 35.2
 * roundFilters(10, 1.1); // 16, because 8 keeps too little of 11
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
