export { allFinite } from './allFinite.js';
export { BackendError, DataError, EffnetError, isEffnetError, MissingPackageError, OptionError, ShapeError, WeightsError } from './errors.js';
export type { DataErrorOptions, MissingPackageErrorOptions, WeightsErrorOptions, WeightsMismatch } from './errors.js';
export {
  anything,
  arrayOf,
  boolean,
  callable,
  check,
  checkNumbers,
  checkOptions,
  either,
  finite,
  instanceOf,
  invalid,
  isPlain,
  keysOf,
  list,
  nonNegative,
  nonNegativeInteger,
  nullable,
  oneOf,
  positive,
  positiveInteger,
  probability,
  rate,
  record,
  rule,
  seed,
  show,
  showShape,
  text,
} from './checks.js';
export type { Complete, Given, Rule, Rules } from './checks.js';
export { decodeText, isEncoding } from './decodeText.js';
export { decodeFloat16, encodeFloat16 } from './float16.js';
export { largest } from './largest.js';
export { absentPackage, missingPackage, missingPackageError } from './missingPackage.js';
export { createRandom, deriveSeed, shuffled } from './random.js';
export type { Random } from './random.js';
export { trackProgress } from './progress.js';
export type { Progress, ProgressListener } from './progress.js';
export { strayFile } from './strayFile.js';
export { sides, size } from './size.js';
export type { Size } from './size.js';
