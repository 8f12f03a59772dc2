export { entryKind, readRegularFile, readRegularFileHere } from './readRegularFile.js';
export { replaceFile } from './replaceFile.js';
export { systemReason } from './systemReason.js';
export { isWebAddress, refuseWebAddress } from './webAddress.js';
