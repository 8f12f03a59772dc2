// Scales the depth of a network. roundFilters.ts scales its width.

import { checkNumbers, positive } from '../core/internal.js';

/**
 * Multiplies the number of blocks of a stage by the depth coefficient and rounds up.
 *
 * @param depthCoefficient - 1 for B0, 3.1 for B7.
 * @throws {OptionError} when a value is not a positive number.
 * @example
 * roundRepeats(4, 1.1); // 5
 * @see EfficientNet (arXiv 1905.11946) section 3.3; `round_repeats` in keras/src/applications/efficientnet.py
 */
export function roundRepeats(repeats: number, depthCoefficient: number): number {
  checkNumbers('roundRepeats', { repeats, depthCoefficient }, positive);
  return Math.ceil(depthCoefficient * repeats);
}
