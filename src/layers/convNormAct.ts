// Convolution, normalization, activation: the stem, the top, and the smallest brick of one's own stages.

import type * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, oneOf, positiveInteger, text } from '../core/index.js';
import {
  NORM_ACT_RULES, oddInteger, planBatchNorm, planConv, planDepthwise, resolveNormAct, type LayerPlan, type NormActSpec,
} from '../scaling/index.js';
import { NORM_ACT_PARTS_RULES, refusePartsInSpec, type NormActParts } from './blockParts.js';
import { convolve, normAct } from './convolve.js';
import { featureShapeOf } from './featureShapeOf.js';
import { requireBackend } from './requireBackend.js';

/** Options of {@link depthwiseNormAct}. */
export interface DepthwiseNormActSpec extends NormActSpec {
  /** Prefix of the layer names. */
  readonly name: string;
  /** Odd. @defaultValue 3 */
  readonly kernelSize?: number | undefined;
  /** @defaultValue 1 */
  readonly strides?: 1 | 2 | undefined;
}

/** Options of {@link convNormAct}. */
export interface ConvNormActSpec extends DepthwiseNormActSpec {
  /** Filters out. */
  readonly filters: number;
}

const RULES = { ...NORM_ACT_RULES, name: text, kernelSize: oddInteger, strides: oneOf(1, 2) };

/**
 * Applies `NAME_conv`, `NAME_bn` and `NAME_activation`.
 *
 * @param x - `[batch, height, width, channels]`.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when no backend is ready.
 * @example
 * const x = tfl.input({ shape: [64, 64, 3] });
 * const y = convNormAct(x, { name: 'entry', filters: 16, kernelSize: 3, strides: 2 }); // [null, 32, 32, 16]
 */
export function convNormAct(x: tfl.SymbolicTensor, spec: ConvNormActSpec, parts: NormActParts = {}): tfl.SymbolicTensor {
  refusePartsInSpec('convNormAct', spec);
  checkOptions('convNormAct', spec, { ...RULES, filters: positiveInteger });
  check('convNormAct', 'filters', spec.filters, positiveInteger);
  const { name, filters, kernelSize = 3, strides = 1 } = spec;
  const input = featureShapeOf('convNormAct', x);
  return apply(x, 'convNormAct', spec, planConv({ name: `${name}_conv`, role: 'stemConv', input }, { filters, kernelSize, strides }), parts);
}

/**
 * Applies `NAME_dwconv`, `NAME_bn` and `NAME_activation`: each channel is filtered by itself.
 *
 * @param x - `[batch, height, width, channels]`.
 * @returns `[batch, height / strides, width / strides, channels]`, rounded up.
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when no backend is ready.
 * @example
 * const y = depthwiseNormAct(x, { name: 'smooth', kernelSize: 5 });
 */
export function depthwiseNormAct(x: tfl.SymbolicTensor, spec: DepthwiseNormActSpec, parts: NormActParts = {}): tfl.SymbolicTensor {
  refusePartsInSpec('depthwiseNormAct', spec);
  checkOptions('depthwiseNormAct', spec, RULES);
  const { name, kernelSize = 3, strides = 1 } = spec;
  const input = featureShapeOf('depthwiseNormAct', x);
  return apply(x, 'depthwiseNormAct', spec, planDepthwise({ name: `${name}_dwconv`, role: 'depthwiseConv', input }, kernelSize, strides), parts);
}

/** Options of {@link stem}. */
export interface StemSpec extends NormActSpec {
  /** Filters out. @defaultValue 32 */
  readonly filters?: number | undefined;
  /** @defaultValue 'stem' */
  readonly name?: string | undefined;
}

/**
 * Applies the entry of the network: a 3 x 3 convolution of stride 2 named `stem_conv`, then `stem_bn` and `stem_activation`.
 *
 * @param x - Normalized images `[batch, height, width, channels]`.
 * @returns `[batch, height / 2, width / 2, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when no backend is ready.
 * @example
 * const x = stem(tfl.input({ shape: [224, 224, 3] }), { filters: 32 });
 */
export function stem(x: tfl.SymbolicTensor, spec: StemSpec = {}, parts: NormActParts = {}): tfl.SymbolicTensor {
  return convNormAct(x, { ...spec, name: spec.name ?? 'stem', filters: spec.filters ?? 32, kernelSize: 3, strides: 2 }, parts);
}

function apply(x: tfl.SymbolicTensor, where: string, spec: DepthwiseNormActSpec, conv: LayerPlan, parts: NormActParts): tfl.SymbolicTensor {
  check(where, 'name', spec.name, text);
  const given = checkOptions(where, parts, NORM_ACT_PARTS_RULES);
  requireBackend(where);
  const resolved = resolveNormAct(spec);
  const norm = planBatchNorm({ name: `${spec.name}_bn`, role: 'stemNorm', input: conv.outputShape });
  return normAct(where, convolve(x, conv, resolved.padding, given), norm, resolved, `${spec.name}_activation`, given);
}
