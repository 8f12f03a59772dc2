// How images are made inputs of a published checkpoint.

import { evalTransform, type Transform } from '../image/index.js';
import { findPretrained } from './findPretrained.js';

/**
 * Gives the evaluation transform of a published checkpoint: the images its published accuracy was measured on.
 *
 * timm's entries are those of its test size (`use_test_size=True`). timm, torchvision and lukemelas resize with Pillow. For `keras/` and `qubvel/` it is the
 * evaluation of EfficientNet's authors, whose weights these are; the first generation was resized by TensorFlow 1's bicubic, here by TensorFlow 2's.
 *
 * @param name - A checkpoint of {@link PRETRAINED}, or a variant for its usual one.
 * @throws {OptionError} when there is no such checkpoint.
 * @example
 * const test = augment(images, pretrainedTransform('timm/tf_efficientnetv2_m.in1k')); // images of any size: the transform resizes them
 */
export function pretrainedTransform(name: string): Transform {
  return evalTransform(findPretrained('pretrainedTransform', name)[1].preprocessing);
}
