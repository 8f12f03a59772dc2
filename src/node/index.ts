export { ensureBackend, selectBackend } from './selectBackend.js';
export type { NodeBackendOptions } from './selectBackend.js';
export { decodeImage } from './decodeImage.js';
export type { DecodeOptions } from './decodeImage.js';
export { imageFolder } from './imageFolder.js';
export type { ImageFolder, ImageFolderOptions, ImageSet, LabelledFile, LabelMode, SplitImageFolder } from './imageFolder.js';
export { progressBar } from './progressBar.js';
export type { ProgressBarOptions, ProgressStream } from './progressBar.js';
