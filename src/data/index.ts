export { Dataset } from './Dataset.js';
export type { BatchOptions, InterleaveOptions, MapOptions, ShuffleOptions, Source, TfDataset } from './Dataset.js';
export type { ItemContext, ItemFunction, Pass, SkipListener } from './operators.js';
export type { CacheStore, CacheWriter } from './cache.js';
export { collate, imageBatches } from './imageBatches.js';
export type { ImageBatch, ImageBatchesOptions, Label, LabelledImage } from './imageBatches.js';
export { trainValidationSplit } from './split.js';
export type { SplitOptions } from './split.js';
