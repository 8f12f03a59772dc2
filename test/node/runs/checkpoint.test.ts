import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkpoint, checkpointFile, csvLog, resume } from '../../../src/node/runs/index.js';
import { adam, callback, sgd, softmaxCrossEntropy, type TrainingCallback } from '../../../src/training/index.js';
import { tinyData, tinyModel, weightsOfAll } from '../../support/tinyTraining.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface FitOptions {
  readonly epochs?: number;
  readonly initialEpoch?: number;
  readonly model?: LayersModel;
  readonly optimizer?: tf.Optimizer;
}

async function fit(
  callbacks: TrainingCallback[],
  { epochs = 3, initialEpoch = 0, model = tinyModel(), optimizer = adam() }: FitOptions = {},
): Promise<LayersModel> {
  if ((model.optimizer as unknown) === undefined) model.compile({ optimizer, loss: softmaxCrossEntropy() });
  await model.fitDataset(tinyData(false), { epochs, initialEpoch, verbose: 0, callbacks });
  return model;
}
const scripted = (values: number[]): TrainingCallback => callback({ onEpochEnd: (epoch) => ({ val_loss: values[epoch]! }) });
const without = (error: Error): string => error.message.replaceAll(folder, '');

test('file names contain the epoch and metrics, and the newest files are kept', async () => {
  const target = path.join(folder, 'kept');
  await fit([scripted([3, 2, 1]), checkpoint(path.join(target, 'net-{epoch}-{val_loss}.safetensors'), { keepLast: 2 })]);
  expect((await readdir(target)).sort()).toEqual(['net-2-2.0000.safetensors', 'net-3-1.0000.safetensors']);
});

test('saveBestOnly writes only epochs that are the best so far', async () => {
  const target = path.join(folder, 'best');
  await fit([scripted([3, 1, 2]), checkpoint(path.join(target, '{epoch}.safetensors'), { saveBestOnly: true })]);
  expect((await readdir(target)).sort()).toEqual(['1.safetensors', '2.safetensors']);
});

test('a resumed model and its optimizer continue as if training had not stopped', async () => {
  const file = path.join(folder, 'resume.safetensors');
  // Without dropout, because only fineTune restores its random stream.
  const still = (model: LayersModel): LayersModel => {
    Object.assign(model.getLayer('top_dropout'), { rate: 0 });
    return model;
  };
  const whole = await fit([], { epochs: 4, model: still(tinyModel()) });
  await fit([checkpoint(file)], { epochs: 2, model: still(tinyModel()) });
  const later = still(tinyModel());
  later.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  const { epoch, metrics } = await resume(later, file);
  expect([epoch, Number(metrics['loss']) > 0]).toEqual([2, true]);
  await fit([], { epochs: 4, initialEpoch: epoch, model: later });
  expect(await weightsOfAll(later)).toEqual(await weightsOfAll(whole));
});

test('checkpoints that are missing, damaged, or of another model or optimizer are refused, and the model is unchanged', async () => {
  const file = path.join(folder, 'other.safetensors');
  await fit([checkpoint(file)], { epochs: 1 });
  const other = tinyModel();
  other.compile({ optimizer: sgd({ momentum: 0.9 }), loss: softmaxCrossEntropy() });
  const before = await weightsOfAll(other);
  await expect(resume(other, file)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: sgd: expected slots momentum, received 'block1a_dense/kernel/mean'. The state was saved by another kind of optimizer.]`,
  );
  Object.assign(other.getLayer('block1a_dense'), { name: 'elsewhere' });
  await expect(resume(other, file)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: resume: expected the weights of 'tiny', received 'block1a_dense/kernel', which the model does not have (and 3 more mismatches). The checkpoint was saved for another model.]`,
  );
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length - 7));
  expect(without((await resume(tinyModel(), file).catch((error: unknown) => error as Error)) as Error)).toMatchInlineSnapshot(
    `"resume: expected a checkpoint of this library, received '/other.safetensors'. 'optimizer/predictions/bias/meanSquare' ends at byte 828 of the data, the file has 825. It is truncated or damaged."`,
  );
  expect(
    without((await resume(other, path.join(folder, 'none')).catch((error: unknown) => error as Error)) as Error),
  ).toMatchInlineSnapshot(`"resume: expected a checkpoint, received '/none', which cannot be read: there is no such file or folder."`);
  expect(await weightsOfAll(other)).toEqual(before);
});

test('an optimizer of TensorFlow.js requires saveWeightsOnly, because its state has no names', async () => {
  const file = path.join(folder, 'stock.safetensors');
  await expect(fit([checkpoint(file)], { optimizer: tf.train.adam() })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: checkpoint: expected an optimizer of this library, received Adam, whose state has no names. Use adam() or sgd(), or save weights only.]`,
  );
  await fit([checkpoint(file, { saveWeightsOnly: true })], { optimizer: tf.train.adam() });
  expect(await resume(tinyModel(), file)).toMatchObject({ epoch: 3 });
});

test('a loss that is not finite keeps the previous checkpoint', async () => {
  const file = path.join(folder, 'good.safetensors');
  const poison = callback({ onEpochEnd: (epoch) => (epoch === 1 ? { loss: NaN } : {}) });
  await expect(fit([poison, checkpoint(file)])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[EffnetError: checkpoint: expected a finite loss at the end of epoch 1, received NaN. The previous checkpoint is kept.]`,
  );
  expect(await resume(tinyModel(), file).catch(() => 'needs an optimizer')).toBe('needs an optimizer');
  const model = tinyModel();
  model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  expect((await resume(model, file)).epoch).toBe(1);
});

test('an error names the file that cannot be written, and no temporary file is left behind', async () => {
  const inTheWay = path.join(folder, 'file');
  await writeFile(inTheWay, '');
  const error = (await fit([checkpoint(path.join(inTheWay, 'net.safetensors'))]).catch((cause: unknown) => cause as Error)) as Error;
  expect(without(error)).toMatchInlineSnapshot(
    `"checkpoint: expected a file that can be written, received '/file/net.safetensors': there is a file of that name already, or on the way to it. The previous checkpoint is kept."`,
  );
  await expect(fit([checkpoint(path.join(folder, '{nonsense}.safetensors'))])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: checkpoint: expected one of 'epoch', 'loss' in the braces of \`file\`, received '{nonsense}'.]`,
  );
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a path that cannot work is refused when the callback is made', () => {
  expect(() => checkpoint('x.h5')).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: checkpoint: expected a path that ends in '.safetensors' for \`file\`, received 'x.h5'.]`,
  );
  expect(() => checkpointFile('x.h5')).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: checkpointFile: expected a path that ends in '.safetensors' for \`file\`, received 'x.h5'.]`,
  );
  expect(() => checkpoint('{epok}.safetensors')).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: checkpoint: expected \`{epoch}\` or the name of a metric, such as \`{val_loss}\`, in the braces of \`file\`, received '{epok}'.]`,
  );
  for (const name of ['Epoch', 'epochs', 'epoch:02d', 'val_loss:.2f', '']) {
    expect(() => checkpoint(`{${name}}.safetensors`), name).toThrow(`in the braces of \`file\`, received '{${name}}'.`);
  }
  expect(() => checkpoint('{val_loss}.safetensors', { keepLast: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: checkpoint: expected a path with \`{epoch}\`, which \`keepLast\` requires, for \`file\`, received '{val_loss}.safetensors'. Otherwise the epochs replace the same file.]`,
  );
  checkpoint('runs/{epoch}-{val_top5}-{eps}.SAFETENSORS', { keepLast: 2 });
});

test('csvLog writes one line per epoch, and continues an existing file', async () => {
  const file = path.join(folder, 'log.csv');
  await fit([scripted([3, 2, 1]), csvLog(file)], { epochs: 2 });
  await fit([scripted([3, 2, 1]), csvLog(file, { append: true })], { epochs: 3, initialEpoch: 2 });
  const lines = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  expect(lines.map(([epoch, , validation]) => [epoch, validation])).toEqual([
    ['epoch', 'val_loss'],
    ['0', '3'],
    ['1', '2'],
    ['2', '1'],
  ]);
  expect(lines[0]).toEqual(['epoch', 'loss', 'val_loss']);
});

test('csvLog continues a log that a spreadsheet saved or a kill truncated, and never overwrites another file', async () => {
  const file = path.join(folder, 'saved.csv');
  await writeFile(file, '\ufeff"epoch","a, b",val_loss\r\n0,1,3\r\n1,1,');
  await csvLog(file, { append: true }).onEpochEnd(2, { val_loss: 1, 'a, b': 2 });
  expect(await readFile(file, 'utf8')).toBe('\ufeff"epoch","a, b",val_loss\r\n0,1,3\r\n1,1,\n2,2,1\n');
  const fresh = path.join(folder, 'fresh.csv');
  await csvLog(fresh).onEpochEnd(0, { 'a, b': 2 });
  expect(await readFile(fresh, 'utf8')).toBe('epoch,"a, b"\n0,2\n');
  await writeFile(file, 'id,label\n0,cat\n');
  await expect(csvLog(file, { append: true }).onEpochEnd(0, { loss: 1 })).rejects.toThrow(
    "expected a log whose first column is 'epoch' to go on with, received",
  );
  expect(await readFile(file, 'utf8')).toBe('id,label\n0,cat\n');
});

test('an error names the file that is not a checkpoint', async () => {
  const file = path.join(folder, 'notes.txt');
  await writeFile(file, 'not a checkpoint at all');
  await expect(resume(tinyModel(), file)).rejects.toThrow(
    /^resume: expected a checkpoint of this library, received '.*notes\.txt'\. The header claims /,
  );
});
