// What building needs beyond the plan.

import { seed } from '../core/internal.js';

/** What building needs beyond the plan. */
export interface BuildOptions {
  /** The same seed makes the same initial weights and dropout. @defaultValue unpredictable */
  readonly seed?: number | undefined;
}

/** The rules of {@link BuildOptions}. */
export const BUILD_RULES = { seed };
