export { AUDIT_RULES, auditFor, checkFeatures } from './auditDataset.js';
// For bench/audit.
export { isNearDuplicate, NEAR } from './duplicates.js';
export type { FeatureEntry } from './entries.js';
export { LIMITS } from './imageFindings.js';
export { compareAll } from './neighbors.js';
export { outOfFold } from './outOfFold.js';
export { readEntries } from './readEntries.js';
