// A run of blocks as layers.

import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions } from '../core/index.js';
import { planStageFor, type StageLayersSpec } from '../scaling/index.js';
import { partResult, PARTS_RULES, refusePartsInSpec, type BlockParts } from './blockParts.js';
import { featureShapeOf } from './featureShapeOf.js';
import { fusedMBConv, mbConv } from './mbConv.js';

/**
 * Applies a run of blocks, `NAMEa`, `NAMEb`, ...; the first one carries the strides.
 *
 * @param x - `[batch, height, width, channels]`.
 * @param parts - Functions of your own in place of whole blocks, or of parts of them.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when no backend is ready.
 * @example
 * const y = stage(x, { name: 'block8', repeats: 3, filters: 320, expandRatio: 6 });
 */
export function stage(x: tfl.SymbolicTensor, spec: StageLayersSpec, parts: BlockParts = {}): tfl.SymbolicTensor {
  refusePartsInSpec('stage', spec);
  const { blocks } = planStageFor('stage', featureShapeOf('stage', x), spec);
  const { block: ownBlock, ...inner } = checkOptions('stage', parts, PARTS_RULES);
  return blocks.reduce((y, { type, name, spec: blockSpec, outputShape }) => {
    if (ownBlock === undefined) return (type === 'fusedMBConv' ? fusedMBConv : mbConv)(y, blockSpec, inner);
    return partResult('stage', 'block', name, ownBlock(y, blockSpec, inner, type), [null, ...outputShape]);
  }, x);
}
