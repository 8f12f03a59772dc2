export { ensureBackend, selectBackend, type SelectBackendOptions } from './selectBackend.js';
