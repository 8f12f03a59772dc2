export { packError, unpackError, type ErrorRecord } from './errorRecord.js';
