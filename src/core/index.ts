export type { Complete } from './checks.js';
export {
  BackendError,
  DataError,
  type DataErrorOptions,
  EffnetError,
  isEffnetError,
  MissingPackageError,
  type MissingPackageErrorOptions,
  OptionError,
  ShapeError,
  WeightsError,
  type WeightsErrorOptions,
  type WeightsMismatch,
} from './errors.js';
export type { Progress, ProgressListener } from './progress.js';
export type { Random } from './random.js';
