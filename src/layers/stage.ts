// A sequence of blocks as layers.

import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions } from '../core/internal.js';
import { planStageFor } from '../scaling/internal.js';
import type { StageLayersSpec, StagePlan } from '../scaling/index.js';
import { partResult, PARTS_RULES, refusePartsInSpec, refuseUnusedAttention, type BlockParts } from './blockParts.js';
import { buildLayers } from './buildLayers.js';
import { featureShapeOf } from './featureShapeOf.js';
import { applyBlock } from './mbConv.js';

/**
 * Applies a sequence of blocks named `NAMEa`, `NAMEb`, ... `strides` applies only to the first block.
 *
 * @param x - `[batch, height, width, channels]`.
 * @param parts - Custom functions that replace whole blocks or parts of them.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const y = stage(x, { name: 'block8', repeats: 3, filters: 320, expandRatio: 6 });
 */
export function stage(x: tfl.SymbolicTensor, spec: StageLayersSpec, parts: BlockParts = {}): tfl.SymbolicTensor {
  refusePartsInSpec('stage', spec);
  const plan = planStageFor('stage', featureShapeOf('stage', x), spec);
  checkOptions('stage', parts, PARTS_RULES);
  refuseUnusedAttention('stage', plan.blocks, parts);
  return buildLayers('stage', () => applyStage('stage', x, plan, parts));
}

/** Applies a planned stage, for checked arguments. Errors begin with `where`, the function that the user called. */
export function applyStage(where: string, x: tfl.SymbolicTensor, { blocks }: StagePlan, parts: BlockParts): tfl.SymbolicTensor {
  const { block: ownBlock, ...inner } = parts;
  return blocks.reduce((y, plan) => {
    if (ownBlock === undefined) return applyBlock(where, y, plan, inner);
    return partResult(where, 'block', plan.name, ownBlock(y, plan.spec, inner, plan.type), [null, ...plan.outputShape]);
  }, x);
}
