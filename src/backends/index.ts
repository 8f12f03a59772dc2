export { readyBackend, registeredBackends } from './activeBackend.js';
export { ensureBackend } from './ensureBackend.js';
export { probeBackend } from './probeBackend.js';
export type { ProbeOptions, ProbeReport } from './probeBackend.js';
export { isMissingPackage, selectBackend } from './selectBackend.js';
export type { BackendAttempt, BackendLoader, BackendPreference, BackendReport } from './selectBackend.js';
export { trackMemory } from './trackMemory.js';
export type { MemoryReport, TensorMemory } from './trackMemory.js';
