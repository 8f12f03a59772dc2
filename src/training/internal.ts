export { checkpointOf, readCheckpoint, restoreCheckpoint, writeCheckpoint } from './checkpointBytes.js';
export { MONITOR_RULES, monitorOf } from './monitor.js';
