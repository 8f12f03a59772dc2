export { Dataset } from './Dataset.js';
export { augment, type AugmentOptions, type TransformWorkers } from './augment.js';
export { type BitmapSource, type BrowserImage, browserPixels, type BrowserPixelsOptions } from './browserImages.js';
export type { CachedImages, CacheStore, CacheWriter } from './cache.js';
export type { BatchOptions, InterleaveOptions, MapOptions, ShuffleOptions, TfDataModule, TfDataset } from './datasetOptions.js';
export type { DataFingerprint } from './fingerprint.js';
export { collate, type ImageBatch, imageBatches, type ImageBatchesOptions } from './imageBatches.js';
export type { Label, LabeledImage } from './labeledImage.js';
export { classWeights, countClasses, oneHot, oversample, type OversampleOptions } from './labels.js';
export { cutMix, type MixOptions, mixUp } from './mix.js';
export type { ItemContext, ItemFunction, Pass, SkipListener } from './operators.js';
export { decodeExample, encodeExample, type Example, feature, type FeatureValue } from './records/example.js';
export {
  formatExample,
  type ImageRecordSchema,
  parseExample,
  RECORD_SCHEMAS,
  type RecordField,
  type RecordFieldOf,
  type RecordOf,
  type RecordSchema,
  type RecordValues,
} from './records/schema.js';
export { frameTFRecord, readTFRecords, type ReadTFRecordsOptions, type TFRecord } from './records/tfrecord.js';
export type { Source } from './sources.js';
export { kFold, type SplitOptions, trainValidationSplit } from './split.js';
