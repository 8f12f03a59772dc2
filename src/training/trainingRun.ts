// Saves a run of fineTune as a checkpoint, and restores it so that it ends like an uninterrupted one.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BackendError, DataError, OptionError, WeightsError } from '../core/index.js';
import { check, instanceOf } from '../core/internal.js';
import { lostContext } from '../backends/internal.js';
import type { Dataset } from '../data/index.js';
import { describePreprocessing, samePreprocessing } from '../image/internal.js';
import type { CompletePreprocessing } from '../image/index.js';
import { SeededDropout, type DropoutStream } from '../layers/internal.js';
import { layersOf } from '../models/internal.js';
import { weightArray, type WeightArray } from '../weights/index.js';
import type { CallbackState, TrainingCallback } from './callback.js';
import { checkpointOf, readCheckpoint, restoreCheckpoint, writeCheckpoint, type Checkpoint } from './checkpointBytes.js';
import type { EpochMetrics } from './epochMetrics.js';
import type { Tally } from './tally.js';

/**
 * Storage for the checkpoint of a run, for example a file (`checkpointFile` of the Node entry) or IndexedDB. A write must replace the
 * previous content as a whole or not at all.
 */
export interface CheckpointStore {
  /** Returns the last complete content, or `undefined` if nothing was written yet. */
  readonly read: () => Promise<Uint8Array | undefined>;
  /** Replaces the content. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** What must be equal in a stage of the saved run and of the current one. */
interface StageOutline {
  readonly epochs: number;
}

/** The position of a run: its next step. */
export interface Position {
  readonly stage: number;
  readonly epoch: number;
  readonly step: number;
  /** Whether the stage has not begun, so that its optimizer has no state. */
  readonly isFresh?: boolean | undefined;
  /** Whether the run has ended. */
  readonly isFinished?: boolean | undefined;
  /** The tally of the current epoch, if the position is within one. */
  readonly tally?: Tally | undefined;
  readonly history: readonly EpochMetrics[];
}

/** What is known about the training data of a stage. */
export interface StageData {
  /** Number of batches per epoch, or `null` if unknown. */
  readonly batches: number | null;
  readonly items?: number | undefined;
  readonly digest?: string | undefined;
  readonly preprocessing?: CompletePreprocessing | undefined;
}

/** Returns what is known about the training data of each stage. */
export function stageDataOf(datasets: readonly Dataset<unknown>[]): StageData[] {
  return datasets.map(({ size, fingerprint, preprocessing }) => ({
    batches: Number.isFinite(size) ? size : null,
    ...fingerprint,
    preprocessing,
  }));
}

interface Notes {
  readonly stages: string;
  /** Missing in checkpoints of earlier versions. */
  readonly data?: readonly StageData[] | undefined;
  readonly position: Omit<Position, 'tally'> & { readonly tally?: { samples: number; loss: number; counts: number } | undefined };
  readonly dropouts: Readonly<Record<string, DropoutStream>>;
  readonly callbacks: readonly Readonly<Record<string, number>>[];
}

/** A run that was found in a store. */
export interface SavedRun {
  readonly position: Position;
  /** Restores weights, optimizer, dropout and callbacks. */
  readonly restore: (model: LayersModel, callbacks: readonly TrainingCallback[]) => Promise<void>;
}

// JSON cannot represent these numbers, so they are saved as strings.
const ODD: Readonly<Record<string, number>> = { Infinity, '-Infinity': -Infinity, NaN };

/** Saves the run in its store, if there is one. */
export async function saveRun(
  store: CheckpointStore | undefined,
  model: LayersModel,
  callbacks: readonly TrainingCallback[],
  stages: readonly StageOutline[],
  data: readonly StageData[],
  position: Position,
): Promise<void> {
  if (store === undefined) return;
  const others = new Map<string, WeightArray>();
  const values: Record<string, number | string>[] = [];
  for (const [i, { hooks }] of callbacks.entries()) {
    const state: CallbackState = (await hooks.save?.()) ?? {};
    values.push(
      Object.fromEntries(Object.entries(state.values ?? {}).map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)])),
    );
    for (const [name, array] of state.arrays ?? []) others.set(`callback${i}/${name}`, array);
  }
  const { tally, ...rest } = position;
  tally?.counts.forEach((counts, i) => others.set(`tally${i}`, weightArray([counts.length], counts)));
  const notes = {
    stages: outline(stages),
    data,
    position: {
      ...rest,
      tally: tally === undefined ? undefined : { samples: tally.samples, loss: tally.loss, counts: tally.counts.length },
    },
    dropouts: Object.fromEntries(dropoutsOf(model).map((layer) => [layer.name, layer.stream])),
    callbacks: values,
  };
  const checkpoint = await checkpointOf(model, { notes, others, where: 'fineTune' });
  // Weights read from a lost WebGL context are zeros, which must not replace the last valid checkpoint.
  const lost = lostContext();
  if (lost !== undefined)
    throw new BackendError(
      `fineTune: expected a device to read the weights from, received none: ${lost}. The last checkpoint remains valid.`,
    );
  await store.write(writeCheckpoint(checkpoint));
}

/**
 * Loads the run from its store, if there is one.
 *
 * @param data - What is known about the data of each stage. `undefined` accepts any data.
 * @throws {OptionError} when the run has other stages. {@link DataError} when the data of an unfinished stage has changed.
 * @throws {WeightsError} when the store contains something other than a checkpoint of this library.
 */
export async function loadRun(
  store: CheckpointStore | undefined,
  stages: readonly StageOutline[],
  data: readonly StageData[] | undefined,
): Promise<SavedRun | undefined> {
  const bytes = await store?.read();
  if (bytes === undefined) return undefined;
  check('fineTune', 'store.read', bytes, instanceOf(Uint8Array, 'a function that returns the bytes of a checkpoint, or undefined,'));
  const checkpoint = readStored(bytes);
  const notes = checkpoint.notes as unknown as Notes;
  if (typeof notes.stages !== 'string')
    throw new OptionError(
      'fineTune: expected the checkpoint of a fineTune run in `store`, received one of another function. Load it with `resume`, or use another store for this run.',
    );
  if (notes.stages !== outline(stages)) {
    throw new OptionError(
      `fineTune: expected \`stages\` like those of the run in \`store\`, ${notes.stages}, received ${outline(stages)}. ` +
        `Use another store for a new run.`,
    );
  }
  const { tally, ...position } = notes.position;
  for (let stage = position.stage; stage < (data?.length ?? 0); stage++) checkData(notes.data?.[stage], data?.[stage], stage);
  const counts = Array.from({ length: tally?.counts ?? 0 }, (_, i) => new Float32Array(checkpoint.others.get(`tally${i}`)?.values() ?? []));
  return {
    position: { ...position, tally: tally === undefined ? undefined : { samples: tally.samples, loss: tally.loss, counts } },
    restore: async (model, callbacks) => {
      // The optimizer of a stage that has not begun has no state.
      await restoreCheckpoint('fineTune', model, position.isFresh === true ? { ...checkpoint, optimizer: new Map() } : checkpoint);
      for (const layer of dropoutsOf(model)) layer.stream = notes.dropouts[layer.name] ?? layer.stream;
      for (const [i, { hooks }] of callbacks.entries()) {
        const values = Object.fromEntries(Object.entries(notes.callbacks[i] ?? {}).map(([key, value]) => [key, ODD[value] ?? value]));
        const prefix = `callback${i}/`;
        const arrays = new Map(
          [...checkpoint.others].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]),
        );
        hooks.load?.({ values, arrays: arrays.size === 0 ? undefined : arrays }, model);
      }
    },
  };
}

function readStored(bytes: Uint8Array): Checkpoint {
  try {
    return readCheckpoint(bytes);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    throw new WeightsError(
      `fineTune: expected a checkpoint of this library in \`store\`, ` +
        `received something else or a damaged one (${cause.message.replace(/\.$/, '')}). Use another store for this run.`,
      { cause },
    );
  }
}

function checkData(then: StageData | undefined, now: StageData | undefined, stage: number): void {
  const change = then === undefined || now === undefined ? undefined : changeOf(then, now);
  if (change === undefined) return;
  throw new DataError(
    `fineTune: expected the training data of the run in \`store\`, ${change[0]}, received ${change[1]} in stage ${stage}. ` +
      `Set \`changedData: 'accept'\` to continue with the changed data, or use another store for a new run.`,
  );
}

/** Returns how the data differ, then and now. Properties that are unknown then or now are not compared. */
function changeOf(then: StageData, now: StageData): readonly [then: string, now: string] | undefined {
  if (then.items !== undefined && now.items !== undefined) {
    if (then.items !== now.items) return [`${then.items} items`, `${now.items}`];
    if (then.digest !== now.digest) return [`${then.items} items`, 'as many with other origins or labels, or in another order,'];
  }
  if (then.preprocessing !== undefined && now.preprocessing !== undefined && !samePreprocessing(then.preprocessing, now.preprocessing)) {
    return [`preprocessed by '${describePreprocessing(then.preprocessing)}'`, `'${describePreprocessing(now.preprocessing)}'`];
  }
  if (then.batches === null || now.batches === null || then.batches === now.batches) return undefined;
  return [`${then.batches} batches per epoch`, `${now.batches}`];
}

const dropoutsOf = (model: LayersModel): SeededDropout[] =>
  layersOf(model).filter((layer): layer is SeededDropout => layer instanceof SeededDropout);

// A saved run can only be resumed with the same number of stages and epochs.
const outline = (stages: readonly StageOutline[]): string => `[${stages.map(({ epochs }) => `${epochs} epochs`).join(', ')}]`;
