// A run of fineTune as a checkpoint: everything by which it goes on and ends as if never interrupted.

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
import type { Tally } from './trainStep.js';

/** Where a run keeps itself: a file (`checkpointFile` of the Node entry), IndexedDB, anything that replaces its content in one piece. */
export interface CheckpointStore {
  /** What was last written whole; `undefined` before anything was. */
  readonly read: () => Promise<Uint8Array | undefined>;
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** What of a stage makes a run the same. */
interface StageOutline {
  readonly epochs: number;
}

/** Where a run stands: the next step. */
export interface Position {
  readonly stage: number;
  readonly epoch: number;
  readonly step: number;
  /** The stage has not begun, so its optimizer has no state. */
  readonly isFresh?: boolean | undefined;
  /** Nothing is left to do. */
  readonly isFinished?: boolean | undefined;
  /** Of the epoch that is under way. */
  readonly tally?: Tally | undefined;
  readonly history: readonly EpochMetrics[];
}

/** The training data of a stage, as far as the dataset knows them. */
export interface StageData {
  /** Batches of an epoch; `null` while unknown. */
  readonly batches: number | null;
  readonly items?: number | undefined;
  readonly digest?: string | undefined;
  readonly preprocessing?: CompletePreprocessing | undefined;
}

/** What a run notes about the data of each stage. */
export function stageDataOf(datasets: readonly Dataset<unknown>[]): StageData[] {
  return datasets.map(({ size, fingerprint, preprocessing }) => ({
    batches: Number.isFinite(size) ? size : null,
    ...fingerprint,
    ...(preprocessing === undefined ? {} : { preprocessing }),
  }));
}

interface Notes {
  readonly stages: string;
  /** Absent in checkpoints of earlier versions. */
  readonly data?: readonly StageData[] | undefined;
  readonly position: Omit<Position, 'tally'> & { readonly tally?: { samples: number; loss: number; counts: number } | undefined };
  readonly dropouts: Readonly<Record<string, DropoutStream>>;
  readonly callbacks: readonly Readonly<Record<string, number>>[];
}

/** A run that was found unfinished. */
export interface SavedRun {
  readonly position: Position;
  /** Puts weights, optimizer, dropout and callbacks back. */
  readonly restore: (model: LayersModel, callbacks: readonly TrainingCallback[]) => Promise<void>;
}

// Infinity is no JSON; these three words stand for what is none.
const ODD: Readonly<Record<string, number>> = { Infinity, '-Infinity': -Infinity, NaN };

/** Writes the run to its store, if it has one. */
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
      ...(tally === undefined ? {} : { tally: { samples: tally.samples, loss: tally.loss, counts: tally.counts.length } }),
    },
    dropouts: Object.fromEntries(dropoutsOf(model).map((layer) => [layer.name, layer.stream])),
    callbacks: values,
  };
  const checkpoint = await checkpointOf(model, { notes, others, where: 'fineTune' });
  // What is read from a lost context is zeros; the last good checkpoint must stay.
  const lost = lostContext();
  if (lost !== undefined)
    throw new BackendError(`fineTune: expected a device to read the weights from, received none: ${lost}. The last checkpoint stays.`);
  await store.write(writeCheckpoint(checkpoint));
}

/**
 * Finds the run in its store, if there is one.
 *
 * @param data - What is known about the data of each stage; `undefined` accepts any.
 * @throws {OptionError} when it is a run of other stages. {@link DataError} when the data of a stage that is not over are others.
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
      'fineTune: expected the checkpoint of a run of fineTune in `store`, received one that was written otherwise. Load it with `resume`, or give this run a store of its own.',
    );
  if (notes.stages !== outline(stages)) {
    throw new OptionError(
      `fineTune: expected \`stages\` like those of the run in \`store\`, ${notes.stages}, received ${outline(stages)}. ` +
        `Give a new run a store of its own.`,
    );
  }
  const { tally, ...position } = notes.position;
  for (let stage = position.stage; stage < (data?.length ?? 0); stage++) checkData(notes.data?.[stage], data?.[stage], stage);
  const counts = Array.from({ length: tally?.counts ?? 0 }, (_, i) => new Float32Array(checkpoint.others.get(`tally${i}`)?.values() ?? []));
  return {
    position: { ...position, ...(tally === undefined ? {} : { tally: { samples: tally.samples, loss: tally.loss, counts } }) },
    restore: async (model, callbacks) => {
      // A stage that has not begun has an optimizer without state.
      await restoreCheckpoint('fineTune', model, position.isFresh === true ? { ...checkpoint, optimizer: new Map() } : checkpoint);
      for (const layer of dropoutsOf(model)) layer.stream = notes.dropouts[layer.name] ?? layer.stream;
      for (const [i, { hooks }] of callbacks.entries()) {
        const values = Object.fromEntries(Object.entries(notes.callbacks[i] ?? {}).map(([key, value]) => [key, ODD[value] ?? value]));
        const prefix = `callback${i}/`;
        const arrays = new Map(
          [...checkpoint.others].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]),
        );
        hooks.load?.({ values, ...(arrays.size === 0 ? {} : { arrays }) }, model);
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
        `received something else or a damaged one (${cause.message.replace(/\.$/, '')}). Give this run a store of its own.`,
      { cause },
    );
  }
}

function checkData(then: StageData | undefined, now: StageData | undefined, stage: number): void {
  const change = then === undefined || now === undefined ? undefined : changeOf(then, now);
  if (change === undefined) return;
  throw new DataError(
    `fineTune: expected the training data of the run in \`store\`, ${change[0]}, received ${change[1]} in stage ${stage}. ` +
      `Set \`changedData: 'accept'\` to go on with the changed data, or give a new run a store of its own.`,
  );
}

/** What differs, then and now; what one of both does not know is not compared. */
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

// What must agree for a run to be the same: how many stages, and how long each.
const outline = (stages: readonly StageOutline[]): string => `[${stages.map(({ epochs }) => `${epochs} epochs`).join(', ')}]`;
