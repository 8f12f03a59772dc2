export { namesIn } from './namesIn.js';
export { entryKind, readRegularFile, readRegularFileHere } from './readRegularFile.js';
export { makeWritableFolder, openFileWriter, replaceFile, type FileWriter } from './replaceFile.js';
export { replaceFiles } from './replaceFiles.js';
export { systemReason, unwritable } from './systemReason.js';
export { refuseWebAddress } from './webAddress.js';
