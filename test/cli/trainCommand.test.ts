// Trains, measures, uses, converts and inspects a model by command lines alone, with a small network.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { efficientNet, readWeightFile, saveModel, selectBackend, setPreprocessing } from '../../src/node.js';
import { COLOR_NAMES, writeColorPhotos } from '../support/colorPhotos.js';
import { run, runUntil, type CommandResult } from '../support/commandLine.js';
import { LITE, TINY } from '../support/tinyNetworks.js';

let folder: string;
const at = (...names: readonly string[]): string => path.join(folder, ...names);
const train = (output: string, ...options: readonly string[]): string[] => [
  ...['train', at('photos'), '-o', at(output), '--base', at('base'), '--epochs', '20', '--fine-tune-epochs', '2', '--batch-size', '8'],
  ...['--threads', '1', '--no-report', ...options],
];
let trained: CommandResult;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'cli-train-'));
  await selectBackend(['wasm'], { gradients: true });
  const base = efficientNet({ ...TINY, widthCoefficient: 0.5, inputSize: 32 }, { seed: 1 });
  setPreprocessing(base, { inputSize: 32, fit: 'stretch' });
  await saveModel(base, at('base'));
  base.dispose();
  const lite = efficientNet({ ...LITE, inputSize: 32 }, { seed: 1 });
  setPreprocessing(lite, { inputSize: 32, fit: 'stretch' });
  await saveModel(lite, at('lite'));
  lite.dispose();
  await writeColorPhotos(at('photos'), 10);
  trained = await run(...train('model'));
}, 180_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('train writes a model and its history, and prints what it measured', () => {
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stderr).toContain('30 images of 3 classes: 24 to train, 6 to validate.');
  expect(trained.stdout).toMatch(/^Measured on the validation images, which it was not trained on\.\nAccuracy \d/);
  expect(trained.stdout.endsWith(`model    ${at('model')}\nhistory  ${at('model', 'history.csv')}\n`)).toBe(true);
  const rows = readFileSync(at('model', 'history.csv'), 'utf8').trim().split('\n');
  expect(rows).toHaveLength(23);
  expect(rows[0]).toMatch(/^phase,epoch,.*val_accuracy/);
  expect(rows.at(-1)).toMatch(/^fine-tuning,1,/);
  // The rate falls to 0 along a cosine: at 5 of 6 updates it is 2e-4 / 2 (1 + cos(5 pi / 6)).
  expect(Number(rows.at(-1)?.split(',')[rows[0]?.split(',').indexOf('learningRate') ?? -1])).toBeCloseTo(1.3397e-5, 8);
  expect(existsSync(at('model.training'))).toBe(false);
});

test('train learns the colors', () => {
  expect(Number(/Accuracy ([\d.]+) %/.exec(trained.stdout)?.[1])).toBeGreaterThan(80);
});

test('train keeps an earlier model unless it may overwrite it', async () => {
  const before = readFileSync(at('model', 'weights.bin'));
  const { code, stderr } = await run(...train('model'));
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `error: there is a model in '${at('model')}' already. Choose another folder, or add --overwrite.\n`,
  });
  expect(readFileSync(at('model', 'weights.bin')).equals(before)).toBe(true);
});

test('an interrupted training is resumed by the same command, and ends with the same weights', { timeout: 180_000 }, async () => {
  const controller = new AbortController();
  const stopped = await runUntil(
    controller.signal,
    (text) => {
      if (existsSync(at('resumed.training', 'fine-tuning.safetensors')) || text.includes('epoch 1/2')) controller.abort();
    },
    ...train('resumed'),
  );
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  expect(stopped.stderr).toMatch(/Run the same command again to resume\.\n(.*\n)*Stopped\.\n$/);
  expect(existsSync(at('resumed', 'model.json'))).toBe(false);

  const changed = await run(...train('resumed', '--seed', '2'));
  expect(changed.code).toBe(2);
  expect(changed.stderr).toContain('a training with other settings (seed: 1, now 2)');

  const resumed = await run(...train('resumed'));
  expect(resumed.stderr).toContain('Resuming the training that was interrupted.');
  expect(readFileSync(at('resumed', 'weights.bin')).equals(readFileSync(at('model', 'weights.bin')))).toBe(true);
  expect(readFileSync(at('resumed', 'history.csv'), 'utf8')).toBe(readFileSync(at('model', 'history.csv'), 'utf8'));
});

test('train measures on a test split, leaves out broken images, and reads a folder that is split already', async () => {
  cpSync(at('photos'), at('split', 'train'), { recursive: true });
  for (const name of ['validation', 'test']) await writeColorPhotos(at('split', name), 2);
  writeFileSync(at('split', 'train', 'red', 'broken.png'), 'nothing');
  const options = ['--base', at('base'), '--epochs', '5', '--fine-tune-epochs', '0', '--no-report'];
  const refused = await run('train', at('split'), '-o', at('fromSplit'), ...options);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('broken.png');
  const { code, stdout, stderr } = await run('train', at('split'), '-o', at('fromSplit'), ...options, '--skip-broken');
  expect(code).toBe(0);
  expect(stderr).toContain('1 of 43 images were left out.');
  expect(stderr).toContain('42 images of 3 classes: 30 to train, 6 to validate, 6 to test.');
  expect(stdout).toContain('Measured on the test images');
});

test('evaluate prints metrics, and writes predictions and a report', async () => {
  const { code, stdout } = await run(
    'evaluate',
    at('model'),
    at('photos'),
    '--predictions',
    at('answers.csv'),
    '--report',
    at('report.html'),
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Accuracy [\d.]+ % on 30 images \(95 % confidence: [\d.]+ to [\d.]+ %\)\n\n/);
  expect(stdout).toContain('truth \\ predicted');
  expect(readFileSync(at('answers.csv'), 'utf8').trim().split('\n')).toHaveLength(31);
  expect(readFileSync(at('report.html'), 'utf8')).toContain('<!doctype html>');
  expect(JSON.parse(readFileSync(at('report.json'), 'utf8'))).toMatchObject({ samples: 30, classes: 3 });
});

test('evaluate reads a table, and gives the same numbers with both runtimes', async () => {
  const rows = COLOR_NAMES.flatMap((name) => [0, 1, 2].map((i) => `photos/${name}/${i}.png,${name}`));
  writeFileSync(at('labels.csv'), ['image,color', ...rows].join('\n'));
  const columns = ['--path-column', 'image', '--label-column', 'color', '--json'];
  const [onnx, tfjs] = await Promise.all(
    ['onnx', 'tfjs'].map((runtime) => run('evaluate', at('model'), at('labels.csv'), ...columns, '--runtime', runtime)),
  );
  const metrics = JSON.parse(onnx!.stdout) as { count: number; loss: number; accuracy: number };
  const others = JSON.parse(tfjs!.stdout) as typeof metrics;
  expect(metrics.count).toBe(9);
  expect(others.accuracy).toBe(metrics.accuracy);
  expect(others.loss).toBeCloseTo(metrics.loss, 4);
});

test('classify answers as text, JSON and CSV, and names broken images', async () => {
  writeFileSync(at('broken.png'), 'nothing');
  const images = [at('photos', 'red', '*.png'), at('broken.png'), at('photos', 'blue', '0.png')];
  const text = await run('classify', at('photos', 'red', '0.png'), '-m', at('model'), '-k', '2');
  expect(text.code).toBe(0);
  expect(text.stdout).toMatch(/red.0\.png\n +[\d.]+ % {2}\w+\n +[\d.]+ % {2}\w+\n$/);

  const json = await run('classify', ...images, '-m', at('model'), '--json');
  expect(json.code).toBe(1);
  expect(json.stderr).toContain("received '" + at('broken.png'));
  expect(json.stderr).toContain('1 of 12 images could not be decoded.');
  const answers = JSON.parse(json.stdout) as { file: string; classes?: { className: string }[]; error?: string }[];
  expect(answers).toHaveLength(12);
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([{ file: at('broken.png'), error: 'cannot be decoded' }]);
  expect(answers.find(({ file }) => file === at('photos', 'blue', '0.png'))?.classes).toHaveLength(3);

  const csv = await run('classify', ...images, '-m', at('model'), '--csv', '--skip-broken', '-k', '1');
  expect(csv.code).toBe(0);
  const rows = csv.stdout.trim().split('\n');
  expect(rows[0]).toBe('file,rank,index,class,probability');
  expect(rows).toHaveLength(12);
});

test.each([
  ['onnx', 'model.onnx', /^model\.onnx\ninput +any x 32 x 32 x 3\n/],
  ['keras', 'model.keras', /arrays +\d+ with/],
  ['safetensors', 'model.safetensors', /classes|network/],
  ['tfjs', 'model-tfjs', /total/],
  ['transformers', 'model-transformers', /arrays|network/],
] as const)('export writes %s, and inspect says what it is', async (format, name, description) => {
  const output = at(name);
  const exported = await run('export', at('model'), '--to', format, '-o', output);
  expect(exported, exported.stderr).toMatchObject({ code: 0, stdout: `${output}\n` });
  const inspected = await run('inspect', output);
  expect(inspected).toMatchObject({ code: 0, stdout: expect.stringMatching(description) as string });
  const again = await run('export', at('model'), '--to', format, '-o', output);
  expect(again).toMatchObject({
    code: 2,
    stderr: `error: '${output}' exists already. Choose another name with --output, or add --overwrite.\n`,
  });
});

test('export stores other number types, and refuses those that a format does not have', async () => {
  expect(await run('export', at('model'), '--to', 'safetensors', '--dtype', 'float16', '-o', at('half.safetensors'))).toMatchObject({
    code: 0,
  });
  expect([...(await readWeightFile(at('half.safetensors'))).values()].map(({ dtype }) => dtype)).toContain('float16');
  const stored = await run('export', at('model'), '--to', 'onnx', '--dtype', 'int8', '-o', at('small.onnx'));
  expect(stored).toMatchObject({ code: 0 });
  expect(statSync(at('small.onnx')).size).toBeLessThan(statSync(at('model', 'weights.bin')).size / 2);
  const int8 = ['--to', 'onnx', '--dtype', 'int8', '--calibration', at('photos')];
  const calibrated = await run('export', at('lite'), ...int8, '-o', at('lite.onnx'));
  expect(calibrated).toMatchObject({ code: 0 });
  expect((await run('export', at('model'), '--to', 'keras', '--dtype', 'float16')).stderr).toBe(
    'error: --dtype: expected float32 with --to keras, received float16.\n',
  );
  expect((await run('export', at('model'), '--to', 'keras', '--calibration', at('photos'))).stderr).toContain(
    'expected --to onnx --dtype int8',
  );
});

test('an exported ONNX file classifies and is measured like the model', async () => {
  const output = at('again.onnx');
  await run('export', at('model'), '--to', 'onnx', '-o', output);
  const accuracy = async (model: string): Promise<unknown> =>
    (JSON.parse((await run('evaluate', model, at('photos'), '--json')).stdout) as { accuracy: number }).accuracy;
  expect(await accuracy(output)).toBe(await accuracy(at('model')));
  expect(await run('export', output, '--to', 'keras')).toMatchObject({ code: 2 });
});

test('inspect lists preprocessing and classes of a model, also as JSON', async () => {
  const { stdout } = await run('inspect', at('model'));
  expect(stdout).toMatch(/^preprocessing +resize to 32 x 32/m);
  expect(stdout).toMatch(/^classes +3: blue, green, red$/m);
  const json = JSON.parse((await run('inspect', at('model'), '--json')).stdout) as object;
  expect(json).toMatchObject({ classNames: COLOR_NAMES, preprocessing: { inputSize: [32, 32] } });
  expect(readdirSync(at('model')).sort()).toEqual(['history.csv', 'model.json', 'weights.bin']);
});
