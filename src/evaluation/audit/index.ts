export type {
  Audit,
  AuditableImage,
  AuditCheck,
  AuditDatasetOptions,
  AuditFinding,
  AuditImage,
  AuditOptions,
  LearningCurve,
  LearningCurvePoint,
} from './audit.js';
export { auditDataset } from './auditDataset.js';
