// The checks of an audit.

/** All checks, in the order in which findings of equal severity are listed. */
export const AUDIT_CHECKS = [
  'wrong-label',
  'leakage',
  'broken',
  'exact-duplicate',
  'near-duplicate',
  'overlap',
  'imbalance',
  'outlier',
  'tiny',
  'blurred',
  'dark',
  'overexposed',
  'aspect-ratio',
  'color-mode',
  'orientation',
] as const;
