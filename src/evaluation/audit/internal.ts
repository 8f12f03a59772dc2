export { AUDIT_RULES, auditFor, checkFeatures } from './auditDataset.js';
