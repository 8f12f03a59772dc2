export { ensureBackend, selectBackend } from './selectBackend.js';
export type { NodeBackendOptions } from './selectBackend.js';
