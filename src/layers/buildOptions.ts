// Options for building layers that do not affect the plan.

import { seed } from '../core/internal.js';

/** Options for building layers. */
export interface BuildOptions {
  /** Seed of the initial weights and the dropout masks. @defaultValue random */
  readonly seed?: number | undefined;
}

/** The rules of {@link BuildOptions}. */
export const BUILD_RULES = { seed };
