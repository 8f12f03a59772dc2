// The Node entry: everything of the isomorphic one, and what works with files.

export * from './index.js';
export * from './node/images/index.js';
export * from './node/runs/index.js';

// These know backends by name, and files and folders. They replace the isomorphic functions of the same names.
export { ensureBackend, selectBackend, type SelectBackendOptions } from './node/backends/index.js';
export {
  type CacheOptions,
  exportTransformers,
  type ExportTransformersOptions,
  loadModel,
  loadWeights,
  pretrained,
  type PretrainedOptions,
  readWeightFile,
  saveModel,
  type TransformersReport,
} from './node/weights/index.js';
