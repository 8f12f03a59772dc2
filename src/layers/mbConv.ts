// Mobile inverted bottleneck blocks as layers, plain and fused.

import * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, deriveSeed } from '../core/internal.js';
import { planBlockFor } from '../scaling/internal.js';
import type { BlockPlan, BlockType, LayerPlan, LayerRole, MBConvSpec } from '../scaling/index.js';
import { MBCONV_PARTS_RULES, partResult, refusePartsInSpec, type MBConvParts } from './blockParts.js';
import { buildLayers } from './buildLayers.js';
import { convolve, normAct } from './convolve.js';
import { featureShapeOf } from './featureShapeOf.js';
import { stochasticDepth } from './SeededDropout.js';
import { applySqueezeExcite } from './squeezeExcite.js';

/**
 * Applies a mobile inverted bottleneck: expansion, depthwise convolution, squeeze-and-excitation, projection and skip connection.
 *
 * Layers are named as in Keras: `NAME_expand_conv`, `NAME_dwconv`, `NAME_bn`, `NAME_se_reduce`, `NAME_project_conv`, `NAME_drop`,
 * `NAME_add`, ...
 *
 * @param x - `[batch, height, width, channels]`.
 * @param parts - Custom functions that replace the attention, the activations or the normalization.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const y = mbConv(x, { name: 'block2a', filters: 24, strides: 2 });
 * @see MobileNetV2 (arXiv 1801.04381) section 3; `block` in keras/src/applications/efficientnet.py
 */
export function mbConv(x: tfl.SymbolicTensor, spec: MBConvSpec, parts: MBConvParts = {}): tfl.SymbolicTensor {
  return block('mbConv', x, spec, parts);
}

/**
 * Applies a fused block, in which one full convolution replaces the expansion and the depthwise convolution.
 *
 * @param x - `[batch, height, width, channels]`.
 * @param parts - Custom functions that replace the attention, the activations or the normalization.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const y = fusedMBConv(x, { name: 'block2a', filters: 48, strides: 2, expandRatio: 4, seRatio: 0 });
 * @see EfficientNetV2 (arXiv 2104.00298) section 3.2; `FusedMBConvBlock` in keras/src/applications/efficientnet_v2.py
 */
export function fusedMBConv(x: tfl.SymbolicTensor, spec: MBConvSpec, parts: MBConvParts = {}): tfl.SymbolicTensor {
  return block('fusedMBConv', x, spec, parts);
}

function block(type: BlockType, x: tfl.SymbolicTensor, spec: MBConvSpec, parts: MBConvParts): tfl.SymbolicTensor {
  refusePartsInSpec(type, spec);
  const plan = planBlockFor(type, type, featureShapeOf(type, x), spec);
  checkOptions(type, parts, MBCONV_PARTS_RULES);
  return buildLayers(type, () => applyBlock(type, x, plan, parts));
}

/** Applies a planned block, for checked arguments. Errors begin with `where`, the function that the user called. */
export function applyBlock(where: string, x: tfl.SymbolicTensor, plan: BlockPlan, parts: MBConvParts): tfl.SymbolicTensor {
  const expanded =
    plan.spec.expandRatio === 1 ? x : unit(where, x, plan, ['expandConv', 'expandNorm'], `${plan.name}_expand_activation`, parts);
  if (plan.type === 'fusedMBConv') {
    const activationName = plan.spec.expandRatio === 1 ? `${plan.name}_project_activation` : null;
    return project(where, x, attend(where, expanded, plan, parts), plan, activationName, parts);
  }
  const filtered = unit(where, expanded, plan, ['depthwiseConv', 'depthwiseNorm'], `${plan.name}_activation`, parts);
  return project(where, x, attend(where, filtered, plan, parts), plan, null, parts);
}

function attend(where: string, x: tfl.SymbolicTensor, { name, seFilters, spec }: BlockPlan, parts: MBConvParts): tfl.SymbolicTensor {
  if (seFilters === 0) return x;
  const { attention, ...rest } = parts;
  const own = { name, reducedFilters: seFilters, activation: spec.activation };
  return attention === undefined
    ? applySqueezeExcite(where, x, own, rest)
    : partResult(where, 'attention', name, attention(x, own, rest), x.shape);
}

function project(
  where: string,
  input: tfl.SymbolicTensor,
  x: tfl.SymbolicTensor,
  plan: BlockPlan,
  activationName: string | null,
  parts: MBConvParts,
): tfl.SymbolicTensor {
  const { name, spec, hasSkip } = plan;
  const projected = unit(where, x, plan, ['projectConv', 'projectNorm'], activationName, parts);
  if (!hasSkip) return projected;
  const seed = parts.seed === undefined ? undefined : deriveSeed(parts.seed, `${name}_drop`);
  const branch =
    spec.dropRate === 0
      ? projected
      : (stochasticDepth({ name: `${name}_drop`, rate: spec.dropRate, seed }).apply(projected) as tfl.SymbolicTensor);
  return tfl.layers.add({ name: `${name}_add` }).apply([branch, input]) as tfl.SymbolicTensor;
}

function unit(
  where: string,
  x: tfl.SymbolicTensor,
  plan: BlockPlan,
  [conv, norm]: readonly [LayerRole, LayerRole],
  activationName: string | null,
  parts: MBConvParts,
): tfl.SymbolicTensor {
  return normAct(where, convolve(x, layerOf(plan, conv), plan.spec.padding, parts), layerOf(plan, norm), plan.spec, activationName, parts);
}

function layerOf(plan: BlockPlan, role: LayerRole): LayerPlan {
  const layer = plan.layers.find((candidate) => candidate.role === role);
  if (layer === undefined) throw new Error(`${plan.name} has no ${role}`);
  return layer;
}
