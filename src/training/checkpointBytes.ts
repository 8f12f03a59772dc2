// Checkpoints as bytes: safetensors files with the weights, the optimizer state, the state of callbacks, and notes as JSON.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { checkFiniteArrays } from '../models/internal.js';
import { notesOf, onlyNotes, takeNotes } from '../weights/internal.js';
import { readSafetensors, weightArray, writeSafetensors, type NamedArrays, type WeightArray } from '../weights/index.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import { checkWeights, restoreWeights, snapshotWeights } from './weightsSnapshot.js';

/** The content of a checkpoint. */
export interface Checkpoint {
  /** The weights, with the preprocessing and the class names of the model. */
  readonly weights: NamedArrays;
  /** State of the optimizer by `weight/slot`. Empty if only weights were saved. */
  readonly optimizer: NamedArrays;
  /** Other arrays by name. */
  readonly others: NamedArrays;
  /** The position in training, as values that JSON can represent. */
  readonly notes: Readonly<Record<string, unknown>>;
}

const FORMAT = 'effnet-ts checkpoint 1';
const [WEIGHTS, OPTIMIZER, OTHERS] = ['weights/', 'optimizer/', 'others/'] as const;

/** Options of {@link checkpointOf}. */
interface CheckpointParts extends Partial<Pick<Checkpoint, 'notes' | 'others'>> {
  readonly weightsOnly?: boolean | undefined;
  /** The function that errors name. @defaultValue 'checkpoint' */
  readonly where?: string | undefined;
}

/**
 * Copies the weights and the optimizer state of a model.
 *
 * @throws {WeightsError} when a number is not finite, or a stock optimizer has no names.
 */
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
  // A constant rate that a callback lowered would be lost otherwise. A schedule computes its rate.
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
  // A checkpoint with NaN must not replace the last valid one.
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
  return writeSafetensors(Object.assign(arrays, onlyNotes(weights)), {
    metadata: { format: FORMAT, notes: JSON.stringify(notes) },
  });
}

/**
 * Reads a checkpoint.
 *
 * @throws {WeightsError} when the bytes are truncated or not a checkpoint of this library.
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
  return {
    weights: Object.assign(part(WEIGHTS), onlyNotes(arrays)),
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
    // The error below reports it.
  }
  throw new WeightsError('resume: expected the notes of the checkpoint to be a JSON object. The file is damaged.');
}

// readSafetensors has already checked the length and the JSON.
function metadataOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as { readonly __metadata__?: unknown };
  return typeof header.__metadata__ === 'object' && header.__metadata__ !== null ? (header.__metadata__ as Record<string, unknown>) : {};
}

/**
 * Restores a checkpoint into a model and its optimizer.
 *
 * @throws {WeightsError} before anything changes, when it was saved for another model or optimizer.
 */
export async function restoreCheckpoint(where: string, model: LayersModel, { weights, optimizer, notes }: Checkpoint): Promise<void> {
  const ours = model.optimizer as tf.Optimizer | undefined;
  if (optimizer.size > 0) {
    if (!(ours instanceof NamedOptimizer)) {
      throw new WeightsError(
        `${where}: expected a model compiled with an optimizer of this library, received ${ours?.getClassName() ?? 'none'}. ` +
          `The checkpoint contains the state of an optimizer.`,
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
