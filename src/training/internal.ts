export { checkpointOf, readCheckpoint, restoreCheckpoint, writeCheckpoint } from './checkpointBytes.js';
export { MONITOR_RULES, monitorOf } from './monitor.js';
export {
  createReplica,
  type PlainTensor,
  type Reduction,
  type Replica,
  type ReplicaSetup,
  type Share,
  type ShareResult,
} from './replica.js';
export type { ReplicaThread } from './replicas.js';
export { discriminant } from './discriminant.js';
export { featureOwner } from './featureOwner.js';
export { featureStore } from './featureStore.js';
export { openFeatures } from './frozenPart.js';
export { addSecondMoments } from './secondMoments.js';
