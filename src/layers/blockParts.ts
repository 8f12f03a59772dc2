// Parts of the library's blocks that a caller replaces by functions of their own, and the checks of what these return.

import type * as tfl from '@tensorflow/tfjs-layers';
import { callable, show, showShape, type Rule } from '../core/internal.js';
import { OptionError, ShapeError, type Complete } from '../core/index.js';
import type { Activation, BlockPlan, BlockType, MBConvSpec } from '../scaling/index.js';
import { BUILD_RULES, type BuildOptions } from './buildOptions.js';
import { symbolic } from './featureShapeOf.js';

/** What an activation of your own is told. */
export interface ActivationPartSpec {
  /** The name for its layer; if it has several, their names begin with it. */
  readonly name: string;
  /** The activation that it replaces. */
  readonly activation: Activation;
}

/** What a normalization of your own is told. */
export interface NormalizationPartSpec {
  /** The name for its layer; if it has several, their names begin with it. */
  readonly name: string;
  /** Of the BatchNormalization that it replaces. */
  readonly momentum: number;
  /** Of the BatchNormalization that it replaces. */
  readonly epsilon: number;
}

/** What an attention of your own is told: the options of {@link squeezeExcite}. */
export interface AttentionPartSpec {
  /** The block's name. Names of layers must begin with it, so that they differ between blocks. */
  readonly name: string;
  /** Filters that squeeze-and-excitation reduces to. */
  readonly reducedFilters: number;
  readonly activation: Activation;
}

/** Activation and normalization of your own. */
export interface NormActParts extends BuildOptions {
  /**
   * Returns `x` activated, in the same shape. Called in place of every activation but `linear`.
   * @defaultValue the activation of the spec
   */
  readonly activation?: ((x: tfl.SymbolicTensor, spec: ActivationPartSpec) => tfl.SymbolicTensor) | undefined;
  /** Returns `x` normalized, in the same shape. Called in place of every BatchNormalization. @defaultValue {@link batchNormalization} */
  readonly normalization?: ((x: tfl.SymbolicTensor, spec: NormalizationPartSpec) => tfl.SymbolicTensor) | undefined;
}

/** Parts inside a block. */
export interface MBConvParts extends NormActParts {
  /**
   * Returns `x` with its channels weighted, in the same shape. Called in place of squeeze-and-excitation, where `seRatio` is above 0.
   * @defaultValue {@link squeezeExcite}
   */
  readonly attention?: ((x: tfl.SymbolicTensor, spec: AttentionPartSpec, parts: NormActParts) => tfl.SymbolicTensor) | undefined;
}

/**
 * Parts of the network that you replace by functions of your own. Each function gets a feature map and returns another one. It names its
 * layers after the `name` that it is given: weights are saved and loaded by these names.
 */
export interface BlockParts extends MBConvParts {
  /**
   * Returns a whole block, `[batch, height / strides, width / strides, filters]`. Called in place of {@link mbConv} and
   * {@link fusedMBConv}; `type` says which of the two it replaces, `parts` are the other parts, and `mbConv(x, spec, parts)` is the block
   * that it replaces.
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
 * Refuses parts that stand among the numbers of a spec.
 *
 * @throws {OptionError} which says where parts belong.
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
 * Returns what a part made, if it has the shape of what it replaces.
 *
 * @throws {OptionError} when it is no symbolic tensor. {@link ShapeError} when its shape is another.
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
