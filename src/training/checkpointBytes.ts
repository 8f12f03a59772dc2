// A checkpoint as bytes: a safetensors file of weights, optimizer state and what callbacks keep, with notes. Where it lies is node/'s.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { checkFiniteArrays } from '../models/internal.js';
import { notesOf, takeNotes } from '../weights/internal.js';
import { readSafetensors, weightArray, writeSafetensors, type NamedArrays, type WeightArray } from '../weights/index.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import { checkWeights, restoreWeights, snapshotWeights } from './weightsSnapshot.js';

/** What a checkpoint holds. */
export interface Checkpoint {
  /** They also say how the model preprocesses images, and the names of its classes. */
  readonly weights: NamedArrays;
  /** State of the optimizer by `weight/slot`; empty when weights alone were saved. */
  readonly optimizer: NamedArrays;
  /** Anything else, by name. */
  readonly others: NamedArrays;
  /** Where training stood: numbers, texts, lists; whatever JSON can hold. */
  readonly notes: Readonly<Record<string, unknown>>;
}

const FORMAT = 'effnet-ts checkpoint 1';
const [WEIGHTS, OPTIMIZER, OTHERS] = ['weights/', 'optimizer/', 'others/'] as const;

/** What {@link checkpointOf} takes beside the model. */
interface CheckpointParts extends Partial<Pick<Checkpoint, 'notes' | 'others'>> {
  readonly weightsOnly?: boolean | undefined;
  /** The function that is named in errors. @defaultValue 'checkpoint' */
  readonly where?: string | undefined;
}

/** Takes weights and optimizer state out of a model. @throws {WeightsError} when one of them is not finite. */
export async function checkpointOf(model: LayersModel, parts: CheckpointParts = {}): Promise<Checkpoint> {
  const { where = 'checkpoint' } = parts;
  const optimizer = new Map<string, WeightArray>();
  const ours = model.optimizer as tf.Optimizer | undefined;
  if (parts.weightsOnly !== true && ours !== undefined) {
    if (!(ours instanceof NamedOptimizer)) {
      throw new WeightsError(
        `${where}: expected an optimizer of this library, received ${ours.getClassName()}, whose state has no names. ` +
          `Use adam() or sgd(), or save weights only.`,
      );
    }
    ours.nameAfter(model);
    for (const { name, tensor } of await ours.getWeights()) {
      optimizer.set(name, weightArray(tensor.shape, new Float32Array(await tensor.data())));
      tensor.dispose();
    }
  }
  // A schedule tells the rate by itself; a rate that a callback lowered would be lost.
  const rate =
    optimizer.size > 0 && typeof (ours as NamedOptimizer).learningRate === 'number'
      ? { learningRate: (ours as NamedOptimizer).learningRate }
      : {};
  const checkpoint = {
    weights: Object.assign(await snapshotWeights(model), notesOf(where, model)),
    optimizer,
    others: parts.others ?? new Map<string, WeightArray>(),
    notes: { ...rate, ...parts.notes },
  };
  // The last good checkpoint must stay.
  checkFiniteArrays(where, [...checkpoint.weights, ...optimizer, ...checkpoint.others]);
  return checkpoint;
}

/** Writes a checkpoint as safetensors. */
export function writeCheckpoint({ weights, optimizer, others, notes }: Checkpoint): Uint8Array {
  const arrays = new Map<string, WeightArray>();
  for (const [prefix, part] of [
    [WEIGHTS, weights],
    [OPTIMIZER, optimizer],
    [OTHERS, others],
  ] as const) {
    for (const [name, array] of part) arrays.set(`${prefix}${name}`, array);
  }
  const { preprocessing, classNames } = weights;
  return writeSafetensors(Object.assign(arrays, { preprocessing, classNames }), {
    metadata: { format: FORMAT, notes: JSON.stringify(notes) },
  });
}

/**
 * Reads a checkpoint.
 *
 * @throws {WeightsError} when the bytes are truncated or no checkpoint of this library.
 */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const arrays = readSafetensors(bytes);
  const { format, notes } = metadataOf(bytes);
  if (format !== FORMAT || notes === undefined)
    throw new WeightsError(
      `resume: expected a checkpoint of this library, received a safetensors file of format ` +
        `${typeof format === 'string' ? format : 'unknown'}.`,
    );
  const part = (prefix: string): NamedArrays =>
    new Map([...arrays].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]));
  const { preprocessing, classNames } = arrays;
  return {
    weights: Object.assign(part(WEIGHTS), { preprocessing, classNames }),
    optimizer: part(OPTIMIZER),
    others: part(OTHERS),
    notes: readNotes(notes),
  };
}

function readNotes(text: unknown): Checkpoint['notes'] {
  try {
    const notes: unknown = JSON.parse(String(text));
    if (typeof notes === 'object' && notes !== null && !Array.isArray(notes)) return notes as Checkpoint['notes'];
  } catch {
    // Told below.
  }
  throw new WeightsError('resume: expected the notes of the checkpoint to be a JSON object. The file is damaged.');
}

// The reader has checked length and JSON already, of the arrays' part.
function metadataOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as { readonly __metadata__?: unknown };
  return typeof header.__metadata__ === 'object' && header.__metadata__ !== null ? (header.__metadata__ as Record<string, unknown>) : {};
}

/**
 * Puts a checkpoint back into a model and its optimizer.
 *
 * @throws {WeightsError} before anything is touched, when it is of another model or optimizer.
 */
export async function restoreCheckpoint(where: string, model: LayersModel, { weights, optimizer, notes }: Checkpoint): Promise<void> {
  const ours = model.optimizer as tf.Optimizer | undefined;
  if (optimizer.size > 0) {
    if (!(ours instanceof NamedOptimizer)) {
      throw new WeightsError(
        `${where}: expected a model compiled with an optimizer of this library, received ${ours?.getClassName() ?? 'none'}. ` +
          `The checkpoint holds an optimizer's state.`,
      );
    }
    checkWeights(where, model, weights);
    ours.nameAfter(model);
    const state = [...optimizer].map(([name, array]) => ({ name, tensor: tf.tensor(array.values(), [...array.shape]) }));
    try {
      await ours.setWeights(state);
    } finally {
      tf.dispose(state.map(({ tensor }) => tensor));
    }
    const { learningRate } = notes;
    if (typeof learningRate === 'number' && typeof ours.learningRate === 'number') ours.learningRate = learningRate;
  }
  restoreWeights(where, model, weights);
  takeNotes(model, weights, true);
}
