// The probability below which a model's best answer counts as unknown. It is part of the model's metadata, so that saved files include it.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, either, probability, rule } from '../core/internal.js';
import { checkModel } from './checkModel.js';
import { metadataOf, setMetadata } from './metadata.js';

const RULE = either(
  probability,
  rule<undefined>('undefined', (value) => value === undefined),
);

/**
 * Returns the probability below which a model's best answer counts as unknown, or `undefined` if the model has no threshold.
 *
 * @throws {OptionError} when the value is not a layers model.
 */
export function unknownThresholdOf(model: LayersModel): number | undefined {
  checkModel('unknownThresholdOf', model);
  // Metadata from a file may contain anything.
  const stored: unknown = metadataOf(model)?.unknownThreshold;
  return probability.accepts(stored) ? stored : undefined;
}

/**
 * Sets the probability below which a model's best answer counts as unknown. `classify` then reports `unknown` with its best guess. Saved
 * models and exported ONNX files include the threshold.
 *
 * `trainHead`, `replaceHead` and `fineTune` remove the threshold, because it belongs to the probabilities before.
 *
 * @param threshold - In [0, 1], such as `fitUnknownThreshold` returns. `undefined` removes the threshold.
 * @throws {OptionError} when the threshold is not in [0, 1].
 * @example
 * const held = await evaluate(model, validation);
 * setUnknownThreshold(model, fitUnknownThreshold(held, { maxError: 0.05 }));
 */
export function setUnknownThreshold(model: LayersModel, threshold: number | undefined): void {
  checkModel('setUnknownThreshold', model);
  check('setUnknownThreshold', 'threshold', threshold, RULE);
  if (threshold === undefined && metadataOf(model)?.unknownThreshold === undefined) return;
  setMetadata(model, { format: 1, ...metadataOf(model), unknownThreshold: threshold });
}
