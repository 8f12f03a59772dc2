export { entryKind, readRegularFile, readRegularFileHere } from './readRegularFile.js';
export { makeWritableFolder, openFileWriter, replaceFile, type FileWriter } from './replaceFile.js';
export { systemReason, unwritable } from './systemReason.js';
export { isWebAddress, refuseWebAddress } from './webAddress.js';
