export { type AuditImagesOptions, auditImages, type AuditSource } from './auditImages.js';
export type { ImagesFromCsvOptions } from './csvOptions.js';
export { decodeImage, type DecodeImageOptions } from './decodeImage.js';
export { contactSheet, type ContactSheetOptions, encodeImage, type EncodeImageOptions, randomJpegQuality } from './encodeImage.js';
export { folderCache } from './folderCache.js';
export { food101Files, imageFiles, type ImageFilesOptions, writeImageFolder, type WriteImageFolderOptions } from './imageFiles.js';
export {
  type FolderFile,
  imageFolder,
  type ImageFolder,
  type ImageFolderOptions,
  type ImageSet,
  type SplitImageFolder,
  type SplitImageFolderOptions,
} from './imageFolder.js';
export { imageWorkers, type ImageWorkers, type ImageWorkersOptions } from './imageWorkers.js';
export { type CsvFile, type CsvImages, imagesFromCsv } from './imagesFromCsv.js';
export type { LabeledImagesOptions, LabelMode } from './labeledImages.js';
export type { SkippedFile } from './listImages.js';
export type { ImageSource, LabeledFile } from './readImage.js';
export type { ReadImagesOptions } from './readImages.js';
export { type ImagesSummary, summarizeImages, type SummarizeImagesOptions } from './summarizeImages.js';
export type { SkippedRow } from './tableImages.js';
export { type ImageRecord, recordImages, type RecordImagesOptions, tfrecordDataset, type TFRecordDatasetOptions } from './tfrecords.js';
export { writeTFRecords, type WriteTFRecordsOptions } from './writeTFRecords.js';
