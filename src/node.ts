// The Node entry: a superset of the isomorphic one.

export * from './index.js';

// These know backends by name, and folders, and take the place of the isomorphic ones.
export { ensureBackend, loadModel, saveModel, selectBackend } from './node/index.js';
export type { NodeBackendOptions } from './node/index.js';

export { writeReport } from './node/index.js';
export type { WriteReportOptions, WrittenReport } from './node/index.js';
export {
  contactSheet, decodeImage, encodeImage, folderCache, food101Files, imageFiles, imageFolder, imagesFromCsv, imageWorkers, progressBar, randomJpegQuality, recordImages,
  summarizeImages, tfrecordDataset, writeImageFolder, writeTFRecords,
} from './node/index.js';
export type {
  ContactSheetOptions, CsvFile, CsvImages, DecodeOptions, EncodeImageOptions, FolderFile, ImageFilesOptions, ImageFolder, ImageFolderOptions,
  ImageRecord, ImagesFromCsvOptions, ImageSet, ImagesSummary, ImageSource, ImageWorkers, ImageWorkersOptions, LabeledFile, LabelMode, ProgressBarOptions, ProgressStream, ReadImageSettings, ReadImagesOptions,
  RecordImagesOptions, SkippedFile, SkippedRow, SplitImageFolder, TFRecordDatasetOptions, WriteImageFolderOptions, WriteTFRecordsOptions,
} from './node/index.js';

// This one also takes a path and the formats of Keras.
export { loadWeights } from './node/index.js';
export { pretrained, readWeightFile } from './node/index.js';
export type { CacheOptions, DownloadOptions, PretrainedOptions } from './node/index.js';
export { checkpoint, checkpointFile, csvLog, resume } from './node/index.js';
export type { CheckpointOptions, CsvLogOptions, Resumed } from './node/index.js';
export { eventFile, tensorBoard } from './node/index.js';
export type { EventFile, TensorBoardOptions } from './node/index.js';
