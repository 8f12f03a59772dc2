export { allFinite } from './allFinite.js';
export {
  anyNumber,
  anyString,
  anything,
  AWAIT,
  arrayOf,
  boolean,
  callable,
  check,
  checkNumbers,
  checkOptions,
  differentTexts,
  either,
  finite,
  fraction,
  type Given,
  instanceOf,
  integerFrom,
  invalid,
  isPlain,
  isPromise,
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
  type Rule,
  type Rules,
  seed,
  show,
  showShape,
  signal,
  text,
  typeName,
} from './checks.js';
export { decodeText, isEncoding } from './decodeText.js';
export { csvLine } from './csvLine.js';
export { joinBytes } from './joinBytes.js';
export { joinFloats } from './joinFloats.js';
export { didYouMean } from './didYouMean.js';
export { decodeFloat16, encodeFloat16 } from './float16.js';
export { contentDigest } from './contentDigest.js';
export { largest } from './largest.js';
export { absentPackage, missingPackage, missingPackageError } from './missingPackage.js';
export { trackProgress } from './progress.js';
export { createRandom, deriveSeed, shuffled } from './random.js';
export { sides, size, type Size } from './size.js';
export { strayFile } from './strayFile.js';
