export { packError, unpackError, type ErrorRecord } from './errorRecord.js';
export { imageEndings, listImages } from './listImages.js';
