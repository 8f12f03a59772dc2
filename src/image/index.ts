export { checkPixels, sides, size } from './pixels.js';
export type { Pixels, Size } from './pixels.js';
export { resize } from './resize.js';
export type { ResizeOptions } from './resize.js';
export { METHODS } from './spans.js';
export type { ResizeMethod } from './spans.js';
export { centerCrop, crop } from './crop.js';
export type { Box } from './crop.js';
