export type { Device } from './device.js';
export { ensureBackend } from './ensureBackend.js';
export { probeBackend, type ProbeBackendOptions, type ProbeReport } from './probeBackend.js';
export {
  type BackendAttempt,
  type BackendLoader,
  type BackendPreference,
  type BackendReport,
  type EnsureBackendOptions,
  selectBackend,
  type SelectBackendOptions,
} from './selectBackend.js';
export { type KeptTensor, type MemoryReport, type TensorMemory, trackMemory } from './trackMemory.js';
