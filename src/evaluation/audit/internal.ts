export { AUDIT_RULES, auditFor, checkFeatures } from './auditDataset.js';
// For bench/audit.
export { CANDIDATES, isNearDuplicate } from './duplicates.js';
export type { FeatureEntry } from './entries.js';
export { LIMITS } from './imageFindings.js';
export { areHashesWithin } from './measureImage.js';
export { compareAll } from './neighbors.js';
export { outOfFold } from './outOfFold.js';
export { readEntries } from './readEntries.js';
