// Convolution, normalization and activation, as used in the stem and the top, or in custom stages.

import type * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, oneOf, positiveInteger, text, type Rule } from '../core/internal.js';
import { NORM_ACT_RULES, oddInteger, planBatchNorm, planConv, planDepthwise, resolveNormAct } from '../scaling/internal.js';
import type { LayerPlan, NormActSpec } from '../scaling/index.js';
import { NORM_ACT_PARTS_RULES, refusePartsInSpec, type NormActParts } from './blockParts.js';
import { buildLayers } from './buildLayers.js';
import { convolve, normAct } from './convolve.js';
import { featureShapeOf } from './featureShapeOf.js';

/** Options of {@link depthwiseNormAct}. */
export interface DepthwiseNormActSpec extends NormActSpec {
  /** The prefix of the layer names. */
  readonly name: string;
  /** An odd number. @defaultValue 3 */
  readonly kernelSize?: number | undefined;
  /** @defaultValue 1 */
  readonly strides?: 1 | 2 | undefined;
}

/** Options of {@link convNormAct}. */
export interface ConvNormActSpec extends DepthwiseNormActSpec {
  /** Number of output filters. */
  readonly filters: number;
}

const RULES = { ...NORM_ACT_RULES, name: text, kernelSize: oddInteger, strides: oneOf(1, 2) };
const CONV_RULES = { ...RULES, filters: positiveInteger };
const STEM_RULES = { ...NORM_ACT_RULES, name: text, filters: positiveInteger };

/**
 * Applies a convolution, a normalization and an activation, named `NAME_conv`, `NAME_bn` and `NAME_activation`.
 *
 * @param x - `[batch, height, width, channels]`.
 * @returns `[batch, height / strides, width / strides, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const x = tfl.input({ shape: [64, 64, 3] });
 * const y = convNormAct(x, { name: 'entry', filters: 16, kernelSize: 3, strides: 2 }); // [null, 32, 32, 16]
 */
export function convNormAct(x: tfl.SymbolicTensor, spec: ConvNormActSpec, parts: NormActParts = {}): tfl.SymbolicTensor {
  checkCall('convNormAct', x, spec, CONV_RULES, parts);
  check('convNormAct', 'name', spec.name, text);
  check('convNormAct', 'filters', spec.filters, positiveInteger);
  return buildLayers('convNormAct', () => applyConvNormAct('convNormAct', x, spec, parts));
}

/** Same as {@link convNormAct}, for checked arguments. Errors begin with `where`, the function that the user called. */
export function applyConvNormAct(where: string, x: tfl.SymbolicTensor, spec: ConvNormActSpec, parts: NormActParts): tfl.SymbolicTensor {
  const { name, filters, kernelSize = 3, strides = 1 } = spec;
  return apply(
    where,
    x,
    spec,
    planConv({ name: `${name}_conv`, role: 'stemConv', input: featureShapeOf(where, x) }, { filters, kernelSize, strides }),
    parts,
  );
}

/**
 * Applies a depthwise convolution, a normalization and an activation, named `NAME_dwconv`, `NAME_bn` and `NAME_activation`.
 *
 * @param x - `[batch, height, width, channels]`.
 * @returns `[batch, height / strides, width / strides, channels]`, rounded up.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const y = depthwiseNormAct(x, { name: 'smooth', kernelSize: 5 });
 */
export function depthwiseNormAct(x: tfl.SymbolicTensor, spec: DepthwiseNormActSpec, parts: NormActParts = {}): tfl.SymbolicTensor {
  checkCall('depthwiseNormAct', x, spec, RULES, parts);
  check('depthwiseNormAct', 'name', spec.name, text);
  const { name, kernelSize = 3, strides = 1 } = spec;
  const conv = planDepthwise(
    { name: `${name}_dwconv`, role: 'depthwiseConv', input: featureShapeOf('depthwiseNormAct', x) },
    kernelSize,
    strides,
  );
  return buildLayers('depthwiseNormAct', () => apply('depthwiseNormAct', x, spec, conv, parts));
}

/** Options of {@link stem}. */
export interface StemSpec extends NormActSpec {
  /** Number of output filters. @defaultValue 32 */
  readonly filters?: number | undefined;
  /** @defaultValue 'stem' */
  readonly name?: string | undefined;
}

/**
 * Applies the stem of the network: a 3 x 3 convolution with stride 2 named `stem_conv`, then `stem_bn` and `stem_activation`.
 *
 * @param x - Normalized images `[batch, height, width, channels]`.
 * @returns `[batch, height / 2, width / 2, filters]`, rounded up.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const x = stem(tfl.input({ shape: [224, 224, 3] }), { filters: 32 });
 */
export function stem(x: tfl.SymbolicTensor, spec: StemSpec = {}, parts: NormActParts = {}): tfl.SymbolicTensor {
  checkCall('stem', x, spec, STEM_RULES, parts);
  return buildLayers('stem', () => applyStem('stem', x, spec, parts));
}

/** Same as {@link stem}, for checked arguments. Errors begin with `where`, the function that the user called. */
export function applyStem(where: string, x: tfl.SymbolicTensor, spec: StemSpec, parts: NormActParts): tfl.SymbolicTensor {
  return applyConvNormAct(where, x, { ...spec, name: spec.name ?? 'stem', filters: spec.filters ?? 32, kernelSize: 3, strides: 2 }, parts);
}

function checkCall(
  where: string,
  x: tfl.SymbolicTensor,
  spec: object,
  rules: Readonly<Record<string, Rule<unknown>>>,
  parts: NormActParts,
): void {
  refusePartsInSpec(where, spec);
  checkOptions(where, spec, rules);
  checkOptions(where, parts, NORM_ACT_PARTS_RULES);
  featureShapeOf(where, x);
}

function apply(where: string, x: tfl.SymbolicTensor, spec: DepthwiseNormActSpec, conv: LayerPlan, parts: NormActParts): tfl.SymbolicTensor {
  const resolved = resolveNormAct(spec);
  const norm = planBatchNorm({ name: `${spec.name}_bn`, role: 'stemNorm', input: conv.outputShape });
  return normAct(where, convolve(x, conv, resolved.padding, parts), norm, resolved, `${spec.name}_activation`, parts);
}
