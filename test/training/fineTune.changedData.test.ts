// Resuming a run with data that has changed since it began.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import { fineTune, sgd, type CheckpointStore, type FineTuneOptions, type TrainingBatch } from '../../src/training/index.js';
import { readCheckpoint, writeCheckpoint } from '../../src/training/internal.js';
import { memoryStore } from '../support/memoryStore.js';
import { tinyModel } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface File {
  readonly path: string;
  readonly origin: string;
  readonly label: number;
}
const files = (count: number, folder = 'photos'): File[] =>
  Array.from({ length: count }, (_, i) => ({ path: `/home/me/${folder}/${i}.jpg`, origin: `${i}.jpg`, label: i % 3 }));
const batches = (list: readonly File[], size = 4): Dataset<TrainingBatch> =>
  Dataset.from(list)
    .shuffle(100, { seed: 1 })
    .map((file) => file)
    .batch(size)
    .map((batch) => ({
      xs: tf.ones([batch.length, 4]),
      ys: tf.tensor1d(
        batch.map(({ label }) => label),
        'int32',
      ),
    }))
    .prefetch(1);
const STAGES = [
  { unfreeze: ['predictions'], epochs: 1 },
  { unfreeze: 'all', epochs: 2 },
] as const;
const run = (train: Dataset<TrainingBatch>, store: CheckpointStore, options: Partial<FineTuneOptions> = {}) =>
  fineTune(tinyModel(), { train, store, stages: STAGES, optimizer: () => sgd(), ...options });
/** Returns a store with a run that was interrupted in its second epoch. */
async function interrupted(train: Dataset<TrainingBatch>, options: Partial<FineTuneOptions> = {}): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  const abort = new AbortController();
  await run(train, store, {
    ...options,
    signal: abort.signal,
    onProgress: ({ task, done }) => {
      if (task.startsWith('epoch 2') && done === 2) abort.abort(new Error('interrupted'));
    },
  }).catch(() => undefined);
  expect(store.bytes).toBeDefined();
  return store;
}

test('refuses more, fewer or other items, other labels and another order, and says what differs', async () => {
  const store = await interrupted(batches(files(20)));
  await expect(run(batches(files(22)), store)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: fineTune: expected the training data of the run in \`store\`, 20 items, received 22 in stage 1. Set \`changedData: 'accept'\` to continue with the changed data, or use another store for a new run.]`,
  );
  await expect(run(batches(files(16)), store)).rejects.toThrow(
    'the training data of the run in `store`, 20 items, received 16 in stage 1.',
  );
  const [first, ...others] = files(20);
  for (const other of [
    [{ ...first!, origin: 'new.jpg' }, ...others],
    [{ ...first!, label: 2 }, ...others],
    [...others, first!],
  ])
    await expect(run(batches(other), store)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: fineTune: expected the training data of the run in \`store\`, 20 items, received as many with other origins or labels, or in another order, in stage 1. Set \`changedData: 'accept'\` to continue with the changed data, or use another store for a new run.]`,
    );
  await expect(run(batches(files(20), 5), store)).rejects.toThrow('5 batches per epoch, received 4 in stage 1.');
});

test('resumes with the same data in another folder, and with changed data if asked to', async () => {
  const store = await interrupted(batches(files(20)));
  const { bytes } = store;
  expect(await run(batches(files(20, 'moved')), store)).toHaveLength(3);
  // A finished run also refuses changed data.
  await expect(run(batches(files(22)), store)).rejects.toThrow('20 items, received 22 in stage 1');
  store.bytes = bytes;
  const accepted = { changedData: 'accept' } as const;
  expect(await run(batches(files(22)), store, accepted)).toHaveLength(3);
  // From then on, the run has the changed data.
  expect(await run(batches(files(22)), store)).toHaveLength(3);
  await expect(run(batches(files(20)), store, { changedData: 'ignore' as never })).rejects.toThrow(
    "fineTune: expected one of 'throw', 'accept' for `changedData`, received 'ignore'.",
  );
});

test('compares the data of each stage, but not of finished stages', async () => {
  const own = (first: number, second: number) => ({
    stages: [
      { ...STAGES[0], train: batches(files(first)) },
      { ...STAGES[1], train: batches(files(second)) },
    ],
  });
  const store = await interrupted(batches(files(4)), own(8, 20));
  await expect(run(batches(files(4)), store, own(8, 24))).rejects.toThrow('20 items, received 24 in stage 1');
  expect(await run(batches(files(99)), store, own(12, 20))).toHaveLength(3);
});

test('compares only the number of batches of a stream, if it is known', async () => {
  const stream = (count: number, size: number): Dataset<TrainingBatch> =>
    Dataset.from(function* () {
      for (let i = 0; i < count; i++) yield { xs: tf.ones([4, 4]), ys: tf.tensor1d([0, 1, 2, 0], 'int32') };
    }).transform((items) => items, size);
  const [known, unknown] = [await interrupted(stream(5, 5)), await interrupted(stream(5, NaN))];
  await expect(run(stream(6, 6), known)).rejects.toThrow('5 batches per epoch, received 6 in stage 1.');
  expect(await run(stream(6, NaN), known)).toHaveLength(3);
  expect(await run(stream(6, 6), unknown)).toHaveLength(3);
});

test('resumes a checkpoint of an earlier version, which contains nothing about the data', async () => {
  const store = await interrupted(batches(files(20)));
  const saved = readCheckpoint(store.bytes as Uint8Array);
  const { data, ...notes } = saved.notes;
  expect(data).toHaveLength(2);
  store.bytes = writeCheckpoint({ ...saved, notes });
  expect(await run(batches(files(22)), store)).toHaveLength(3);
});
