// A run of blocks as layers.

import type * as tfl from '@tensorflow/tfjs-layers';
import { planStage, type StageLayersSpec } from '../scaling/index.js';
import { featureShapeOf } from './featureShapeOf.js';
import { fusedMBConv, mbConv, type BlockParts } from './mbConv.js';

/**
 * Applies a run of blocks, `NAMEa`, `NAMEb`, ...; the first one carries the strides.
 *
 * @param x - `[batch, height, width, channels]`.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when no backend is ready.
 * @example
 * const y = stage(x, { name: 'block8', repeats: 3, filters: 320, expandRatio: 6 });
 */
export function stage(x: tfl.SymbolicTensor, spec: StageLayersSpec, parts: BlockParts = {}): tfl.SymbolicTensor {
  return planStage(featureShapeOf('stage', x), spec).blocks.reduce(
    (y, block) => (block.type === 'fusedMBConv' ? fusedMBConv : mbConv)(y, block.spec, parts),
    x,
  );
}
