export {
  checkBatch,
  checkFirstBatch,
  checkImageSize,
  checkInputShape,
  imagesRemedy,
  type InputShape,
  preprocessingOfData,
  readable,
} from './checkBatches.js';
export { collateFor } from './imageBatches.js';
export { crc32c } from './records/crc32c.js';
export { checkSchema } from './records/schema.js';
export { foldsFor } from './split.js';
export type { ChangeOf, ImageChange } from './traits.js';
