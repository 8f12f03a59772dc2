// Published checkpoints by name.

import { invalid } from '../core/index.js';
import { VARIANTS, type Variant } from '../scaling/index.js';
import { CHECKPOINTS, defaultCheckpoint, type Checkpoint } from './checkpoints.js';

/** The checkpoint with a name, or the usual one of a variant. */
export function findCheckpoint(where: string, name: string): readonly [name: string, checkpoint: Checkpoint] {
  const wanted = Object.hasOwn(VARIANTS, name) ? defaultCheckpoint(name as Variant) : name;
  const checkpoint = Object.hasOwn(CHECKPOINTS, wanted) ? CHECKPOINTS[wanted] : undefined;
  if (checkpoint !== undefined) return [wanted, checkpoint];
  const near = Object.keys(CHECKPOINTS).filter((candidate) => typeof name === 'string' && candidate.includes(name)).slice(0, 4);
  const hint = near.length > 0 ? `Near it: ${near.map((candidate) => `'${candidate}'`).join(', ')}.` : 'CHECKPOINTS lists them.';
  throw invalid(where, 'name', 'a variant or a checkpoint', name, hint);
}
