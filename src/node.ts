// The Node entry: a superset of the isomorphic one.

export * from './index.js';

// These two know backends by name and take the place of the isomorphic ones.
export { ensureBackend, selectBackend } from './node/index.js';
export type { NodeBackendOptions } from './node/index.js';

export { decodeImage, imageFolder, progressBar, writeReport } from './node/index.js';
export type {
  DecodeOptions, ImageFolder, ImageFolderOptions, ImageSet, LabelledFile, LabelMode, ProgressBarOptions, ProgressStream, SplitImageFolder, WriteReportOptions,
  WrittenReport,
} from './node/index.js';
