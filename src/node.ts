// The Node entry: a superset of the isomorphic one.

export * from './index.js';

// These know backends by name, and folders, and take the place of the isomorphic ones.
export { ensureBackend, loadModel, saveModel, selectBackend } from './node/index.js';
export type { NodeBackendOptions } from './node/index.js';

export { decodeImage, imageFolder, progressBar, writeReport } from './node/index.js';
export type {
  DecodeOptions, ImageFolder, ImageFolderOptions, ImageSet, LabelledFile, LabelMode, ProgressBarOptions, ProgressStream, SplitImageFolder, WriteReportOptions,
  WrittenReport,
} from './node/index.js';

// This one also takes a path and the formats of Keras.
export { loadWeights } from './node/index.js';
export { pretrained, readWeightFile } from './node/index.js';
export type { CacheOptions, DownloadOptions, PretrainedOptions } from './node/index.js';
export { checkpoint, csvLog, resume } from './node/index.js';
export type { CheckpointOptions, CsvLogOptions, Resumed } from './node/index.js';
