import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import golden from '../../fixtures/node/tensorboard.json' with { type: 'json' };
import { readTFRecords } from '../../../src/data/index.js';
import { eventFile, tensorBoard } from '../../../src/node/runs/index.js';
import { EventSchema } from '../../../src/node/runs/proto/tensorboard_pb.js';
import { adam, softmaxCrossEntropy } from '../../../src/training/index.js';
import { tinyData, tinyModel } from '../../support/tinyTraining.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(path.join(tmpdir(), 'events-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.useRealTimers();
});

async function recordsOf(file: string): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const { data } of readTFRecords([await readFile(file)])) records.push(data);
  return records;
}

test("events are, byte by byte, those of TensorBoard's own classes", async () => {
  vi.useFakeTimers({ now: golden.time * 1000, toFake: ['Date'] });
  const events = eventFile(path.join(folder, 'bytes'));
  const input = tfl.input({ shape: [2], name: 'in' });
  const outputs = tfl.layers.dense({ units: 1, name: 'out' }).apply(input) as tfl.SymbolicTensor;
  await events.scalar('loss', 0.25, 3);
  await events.image('picture', Uint8Array.from(Buffer.from(golden.png, 'hex')), 4);
  await events.histogram('weights', [0, 1, 1, 3], 5);
  await events.graph(tfl.model({ inputs: input, outputs }));
  await events.hyperParameters({ rate: 0.5 });
  const records = await recordsOf(events.file);
  expect(records.map((record) => Buffer.from(record).toString('hex'))).toEqual(Object.values(golden.events));
});

test('a run has train and validation, every epoch and every asked-for step', async () => {
  const run = path.join(folder, 'run');
  const model = tinyModel();
  model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  const callbacks = [tensorBoard(run, { updateEverySteps: 4, histogramsEveryEpochs: 1, hyperParameters: { rate: 0.001 } })];
  await model.fitDataset(tinyData(), { epochs: 2, verbose: 0, validationData: tinyData(false), callbacks });
  const seen: Record<string, string[]> = {};
  for (const part of ['train', 'validation']) {
    const [file] = await readdir(path.join(run, part));
    const events = (await recordsOf(path.join(run, part, file!))).map((record) => fromBinary(EventSchema, record));
    seen[part] = events.map(({ what, step }) => (what.case === 'summary' ? `${what.value.value[0]!.tag}@${step}` : what.case!));
  }
  const weights = ['dense/kernel', 'dense/bias', 'bn/gamma', 'bn/beta', 'bn/moving_mean', 'bn/moving_variance'].map(
    (name) => `block1a_${name}`,
  );
  const histograms = (epoch: number): string[] => [...weights, 'predictions/kernel', 'predictions/bias'].map((name) => `${name}@${epoch}`);
  expect(seen).toEqual({
    train: [
      'fileVersion',
      'graphDef',
      '_hparams_/session_start_info@0',
      'batch_loss@4',
      'epoch_loss@0',
      ...histograms(0),
      'batch_loss@8',
      'batch_loss@12',
      'epoch_loss@1',
      ...histograms(1),
    ],
    validation: ['fileVersion', 'epoch_loss@0', 'epoch_loss@1'],
  });
});

test('what cannot be written or is no image is refused', async () => {
  await writeFile(path.join(folder, 'file'), '');
  const events = eventFile(path.join(folder, 'file'));
  await expect(events.scalar('loss', 1, 0)).rejects.toThrow('eventFile: expected a folder that can be written, received');
  const fine = eventFile(path.join(folder, 'fine'));
  await expect(fine.image('picture', new Uint8Array(30), 0)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: eventFile.image: expected the bytes of a PNG, received other bytes.]`,
  );
  await expect(fine.scalar('loss', 1, -1)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: eventFile.scalar: expected an integer of at least 0 for \`step\`, received -1.]`,
  );
  await expect(fine.histogram('weights', [NaN], 0)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: eventFile.histogram: expected finite numbers of 'weights' for \`values\`, received NaN.]`,
  );
});

test('a metric that is NaN is written, for TensorBoard marks it', async () => {
  const run = path.join(folder, 'nan');
  const board = tensorBoard(run, { graph: false });
  board.setModel(tinyModel());
  await board.onEpochEnd(0, { loss: NaN });
  const [file] = await readdir(path.join(run, 'train'));
  expect(await recordsOf(path.join(run, 'train', file!))).toHaveLength(2);
});
