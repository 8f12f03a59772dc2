export {
  checkBatch,
  checkEnds,
  checkFirstBatch,
  checkImageSize,
  checkInputShape,
  imagesRemedy,
  type InputShape,
  preprocessingOfData,
  readable,
} from './checkBatches.js';
export { checkLabelShape } from './checkLabelShape.js';
export { collateFor } from './imageBatches.js';
export { releaseItem, tensorsOf } from './items.js';
export { lazyPassesOf, type LazyItem } from './lazyItems.js';
export { crc32c } from './records/crc32c.js';
export { checkSchema, formatExampleFor } from './records/schema.js';
export { runAhead } from './runAhead.js';
export { foldsFor } from './split.js';
export type { ChangeOf, ImageChange } from './traits.js';
