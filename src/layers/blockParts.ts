// Types and checks of the custom functions that can replace parts of a block.

import type * as tfl from '@tensorflow/tfjs-layers';
import { callable, show, showShape, type Rule } from '../core/internal.js';
import { OptionError, ShapeError, type Complete } from '../core/index.js';
import type { Activation, BlockPlan, BlockType, MBConvSpec } from '../scaling/index.js';
import { BUILD_RULES, type BuildOptions } from './buildOptions.js';
import { symbolic } from './featureShapeOf.js';

/** Arguments of a custom activation. */
export interface ActivationPartSpec {
  /** The name of the layer. If there are several layers, their names must begin with it. */
  readonly name: string;
  /** The activation that is replaced. */
  readonly activation: Activation;
}

/** Arguments of a custom normalization. */
export interface NormalizationPartSpec {
  /** The name of the layer. If there are several layers, their names must begin with it. */
  readonly name: string;
  /** The momentum of the BatchNormalization that is replaced. */
  readonly momentum: number;
  /** The epsilon of the BatchNormalization that is replaced. */
  readonly epsilon: number;
}

/** Arguments of a custom attention: the options of {@link squeezeExcite}. */
export interface AttentionPartSpec {
  /** The name of the block. Layer names must begin with it, so that they differ between blocks. */
  readonly name: string;
  /** Number of filters in the squeeze-and-excitation that is replaced. */
  readonly reducedFilters: number;
  readonly activation: Activation;
}

/** Custom activation and normalization. */
export interface NormActParts extends BuildOptions {
  /**
   * Returns the activation of `x`, in the same shape. Replaces every activation except `linear`.
   * @defaultValue the activation of the spec
   */
  readonly activation?: ((x: tfl.SymbolicTensor, spec: ActivationPartSpec) => tfl.SymbolicTensor) | undefined;
  /** Returns the normalization of `x`, in the same shape. Replaces every BatchNormalization. @defaultValue {@link batchNormalization} */
  readonly normalization?: ((x: tfl.SymbolicTensor, spec: NormalizationPartSpec) => tfl.SymbolicTensor) | undefined;
}

/** Custom parts of a block. */
export interface MBConvParts extends NormActParts {
  /**
   * Returns `x` with weighted channels, in the same shape. Replaces squeeze-and-excitation if `seRatio` is above 0.
   * @defaultValue {@link squeezeExcite}
   */
  readonly attention?: ((x: tfl.SymbolicTensor, spec: AttentionPartSpec, parts: NormActParts) => tfl.SymbolicTensor) | undefined;
}

/**
 * Custom functions that replace parts of the network. Each function takes a feature map and returns another one. Its layer names must begin
 * with the given `name`, because weights are saved and loaded by layer name.
 */
export interface BlockParts extends MBConvParts {
  /**
   * Returns a whole block, `[batch, height / strides, width / strides, filters]`. Replaces {@link mbConv} and {@link fusedMBConv}. `type`
   * is the block that is replaced, and `parts` are the other custom parts. Call `mbConv(x, spec, parts)` to create the original block.
   * @defaultValue {@link mbConv} or {@link fusedMBConv}
   */
  readonly block?:
    ((x: tfl.SymbolicTensor, spec: Complete<MBConvSpec>, parts: MBConvParts, type: BlockType) => tfl.SymbolicTensor) | undefined;
}

/** The rules of {@link NormActParts}. */
export const NORM_ACT_PARTS_RULES = {
  ...BUILD_RULES,
  activation: callable as Rule<NonNullable<NormActParts['activation']>>,
  normalization: callable as Rule<NonNullable<NormActParts['normalization']>>,
};
/** The rules of {@link MBConvParts}. */
export const MBCONV_PARTS_RULES = { ...NORM_ACT_PARTS_RULES, attention: callable as Rule<NonNullable<MBConvParts['attention']>> };
/** The rules of {@link BlockParts}. */
export const PARTS_RULES = { ...MBCONV_PARTS_RULES, block: callable as Rule<NonNullable<BlockParts['block']>> };

/**
 * Throws if a spec contains custom parts or a seed, which belong in the third argument.
 *
 * @throws {OptionError} which says where they belong.
 */
export function refusePartsInSpec(where: string, spec: unknown): void {
  if (typeof spec !== 'object' || spec === null) return;
  const part = Object.entries(spec).find(
    ([option, value]) => option === 'attention' || option === 'seed' || (option in PARTS_RULES && typeof value === 'function'),
  )?.[0];
  if (part === undefined) return;
  throw new OptionError(
    `${where}: expected \`${part}\` in the third argument, received it in the second one. Write ${where}(x, spec, { ${part} }).`,
  );
}

/**
 * Refuses an attention that no block would call. A block of the caller's own may call it.
 *
 * @throws {OptionError} when every block has a `seRatio` of 0.
 */
export function refuseUnusedAttention(where: string, blocks: readonly BlockPlan[], { attention, block }: BlockParts): void {
  if (attention === undefined || block !== undefined || blocks.some(({ seFilters }) => seFilters > 0)) return;
  throw new OptionError(
    `${where}: expected a block with squeeze-and-excitation, which \`attention\` replaces, received only blocks with a \`seRatio\` of 0. ` +
      'Set `seRatio` in the spec, or leave out `attention`.',
  );
}

/**
 * Returns the result of a custom part after checking that it has the same shape as the original part.
 *
 * @throws {OptionError} when the result is not a symbolic tensor. {@link ShapeError} when it has a different shape.
 */
export function partResult(
  where: string,
  part: keyof BlockParts,
  name: string,
  made: tfl.SymbolicTensor,
  shape: readonly (number | null)[],
): tfl.SymbolicTensor {
  if (!symbolic.accepts(made)) {
    throw new OptionError(
      `${where}: expected \`${part}\` to return a symbolic tensor for '${name}', received ${show(made)}. ` +
        `Return what the last layer's \`apply\` returned.`,
    );
  }
  const fits =
    made.shape.length === shape.length &&
    shape.every((length, axis) => length === null || made.shape[axis] == null || made.shape[axis] === length);
  if (!fits)
    throw new ShapeError(`${where}: expected \`${part}\` to return ${showShape(shape)} for '${name}', received ${showShape(made.shape)}.`);
  return made;
}
