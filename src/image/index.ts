export { affine, type AffineOptions, randomAffine, type RandomAffineOptions } from './affine.js';
export { gaussianBlur } from './blur.js';
export { adjustBrightness, adjustContrast, adjustHue, adjustLighting, adjustSaturation, toGrayscale } from './color.js';
export type { CoveredBox } from './coveredBox.js';
export { type Box, centerCrop, type CenterCropOptions, crop, type Margins } from './crop.js';
export { paddedCenterCrop, type PaddedCenterCropOptions, resizeShorterSide, type TestTimeViewsOptions } from './evaluationCrops.js';
export { flipHorizontal, flipVertical, randomFlip, type RandomFlipOptions } from './flip.js';
export type { Pixels, Size } from './pixels.js';
export { autoAugment, randAugment, type RandAugmentOptions, trivialAugment } from './policies.js';
export { applyPolicyOperation, type PolicyOperation } from './policyOperations.js';
export { type CompletePreprocessing, preprocess, type Preprocessing } from './preprocess.js';
export { preprocessingOf, type PreprocessingSource } from './preprocessingOf.js';
export {
  colorJitter,
  type ColorJitterOptions,
  type NumberRange,
  pcaLighting,
  type PcaLightingOptions,
  randomBlur,
  type RandomBlurOptions,
  randomErasing,
  type RandomErasingOptions,
  randomGrayscale,
  type RandomGrayscaleOptions,
  randomResizedCrop,
  type RandomResizedCropOptions,
  resizing,
} from './randomTransforms.js';
export { evalTransform, type RecipeName, trainAugmentation } from './recipes.js';
export { resize, type ResizeOptions } from './resize.js';
export { type Fit, resizeTo, type ResizeToOptions } from './resizeTo.js';
export type { Interpolation } from './spans.js';
export { oneOfTransforms, randomly, sequence, type Transform, transformOf, type TransformSpec } from './transform.js';
export type { FillMode } from './warp.js';
