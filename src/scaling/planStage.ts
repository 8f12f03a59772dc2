// Plans a stage: a sequence of equal blocks, the first of which may halve the feature map.

import { arrayOf, check, checkOptions, invalid, positiveInteger, rate, text } from '../core/internal.js';
import type { FeatureShape } from './layerPlan.js';
import { blockType, featureShape, planBlockFor, STAGE_BLOCK_RULES, type BlockPlan, type BlockType, type MBConvSpec } from './planBlock.js';

/** A sequence of blocks. `strides` and `expandFrom` apply only to the first block. */
export interface StageLayersSpec extends Omit<MBConvSpec, 'dropRate'> {
  /** The prefix of the block names: `block2` gives `block2a`, `block2b`, ... */
  readonly name: string;
  /** @defaultValue 'mbConv' */
  readonly block?: BlockType | undefined;
  readonly repeats: number;
  /** The stochastic depth rate of each block, in [0, 1). @defaultValue 0 for every block */
  readonly dropRates?: readonly number[] | undefined;
}

/** The plan of a stage for one input shape. */
export interface StagePlan {
  readonly name: string;
  readonly spec: StageLayersSpec;
  readonly blocks: readonly BlockPlan[];
  readonly outputShape: FeatureShape;
}

/**
 * Plans a sequence of blocks.
 *
 * @param inputShape - `[height, width, channels]`. `null` means any size.
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * planStage([56, 56, 24], { name: 'block3', repeats: 2, filters: 40, strides: 2 }).blocks.map((block) => block.name); // block3a, block3b
 */
export function planStage(inputShape: FeatureShape, spec: StageLayersSpec): StagePlan {
  return planStageFor('planStage', inputShape, spec);
}

const STAGE_RULES = { ...STAGE_BLOCK_RULES, block: blockType, repeats: positiveInteger, dropRates: arrayOf(rate) };

/** Plans a stage. Errors begin with `where`, the function that the user called. */
export function planStageFor(where: string, inputShape: FeatureShape, spec: StageLayersSpec): StagePlan {
  check(where, 'inputShape', inputShape, featureShape);
  checkOptions(where, spec, STAGE_RULES);
  const { name, block = 'mbConv', repeats, dropRates = [], ...rest } = spec;
  check(where, 'name', name, text);
  check(where, 'filters', rest.filters, positiveInteger);
  check(where, 'repeats', repeats, positiveInteger);
  if (dropRates.length !== 0 && dropRates.length !== repeats) {
    throw invalid(where, 'dropRates', `${repeats} rates, one per block`, dropRates);
  }
  const blocks: BlockPlan[] = [];
  let shape = inputShape;
  for (let i = 0; i < repeats; i++) {
    const later = i === 0 ? {} : ({ strides: 1, expandFrom: 0 } as const);
    const planned = planBlockFor(where, block, shape, { ...rest, ...later, name: name + blockLetters(i), dropRate: dropRates[i] ?? 0 });
    shape = planned.outputShape;
    blocks.push(planned);
  }
  return { name, spec, blocks, outputShape: shape };
}

/** Returns the letters of a block: `a` to `z`, then `aa`, `ab`, ... */
function blockLetters(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : blockLetters(Math.floor(index / 26) - 1) + letter;
}
