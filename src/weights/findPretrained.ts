// Finds a published checkpoint by name.

import { invalid } from '../core/internal.js';
import { VARIANTS, type Variant } from '../scaling/index.js';
import { variantHint } from '../scaling/internal.js';
import { PRETRAINED, defaultPretrained, type PretrainedWeights } from './pretrainedWeights.js';

/**
 * Returns the checkpoint with this name, or the default checkpoint of this variant.
 *
 * @param others - A sentence on names of other kinds, for an unknown name that resembles no checkpoint.
 */
export function findPretrained(where: string, name: string, others = ''): readonly [name: string, weights: PretrainedWeights] {
  const wanted = Object.hasOwn(VARIANTS, name) ? defaultPretrained(name as Variant) : name;
  const checkpoint = Object.hasOwn(PRETRAINED, wanted) ? PRETRAINED[wanted] : undefined;
  if (checkpoint !== undefined) return [wanted, checkpoint];
  const near = Object.keys(PRETRAINED)
    .filter((candidate) => typeof name === 'string' && candidate.includes(name))
    .slice(0, 4);
  const hint =
    near.length > 0 ? `Near it: ${near.map((candidate) => `'${candidate}'`).join(', ')}.` : `PRETRAINED lists them. ${others}`.trim();
  throw invalid(where, 'name', 'a variant or a checkpoint', name, variantHint(name) || hint);
}
