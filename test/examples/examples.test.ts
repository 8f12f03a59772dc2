// Every example in its smallest setting, as a user starts it. What it should reach at full length stands in its README.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(tmpdir(), 'examples-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const MINUTES = 5 * 60_000;

function start(name: string, ...parameters: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', `examples/${name}/${name}.ts`, ...parameters], {
    encoding: 'utf8',
    timeout: MINUTES,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

const example = (name: string, ...parameters: string[]): { output: string; out: string } => {
  const out = path.join(folder, name);
  return { output: start(name, '--preset', 'quick', '--out', out, ...parameters), out };
};
const share = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]) / 100;
const accuracyOf = (out: string): number =>
  (JSON.parse(readFileSync(path.join(out, 'report.json'), 'utf8')) as { metrics: { accuracy: number } }).metrics.accuracy;
const isPng = (file: string): boolean => readFileSync(file).subarray(1, 4).toString() === 'PNG';
const chartsOf = (out: string): string[] =>
  readdirSync(out)
    .filter((file) => file.endsWith('.png') && isPng(path.join(out, file)))
    .sort();
const isModel = (out: string): boolean => existsSync(path.join(out, 'model', 'model.json')) && existsSync(path.join(out, 'model.onnx'));

test(
  'food-photos learns better than chance, shows data, model, layers and both phases, and draws its charts',
  () => {
    const { output, out } = example('food-photos');
    expect(accuracyOf(out)).toBeGreaterThan(0.15);
    expect(output).toContain('Found 80 images belonging to 10 classes.');
    expect(output).toContain('Training: 3 batches, the first of { xs: float32 [32, 96, 96, 3], ys: float32 [32, 10] }');
    expect(output).toMatch(/^12,810 parameters train, 3,413,024 are frozen:\nstem +trainable false/m);
    expect(output).toMatch(/^3,341,802 parameters train, 84,032 are frozen:\nstem +trainable true/m);
    expect(output).toMatch(/F1 by class +before +after/);
    // As in Keras with initial_epoch: the epoch at which the first phase ended is counted again.
    expect([...output.matchAll(/^(\S+ epoch \d+):/gm)].map(([, epoch]) => epoch)).toEqual([
      'head epoch 1',
      'head epoch 2',
      'head epoch 3',
      'fine-tuning epoch 3',
    ]);
    expect(chartsOf(out)).toEqual(['confusion.png', 'f1.png', 'most-wrong.png', 'predictions.png', 'samples.png', 'training.png']);
    expect(isModel(out)).toBe(true);
  },
  MINUTES,
);

test(
  'cactus tells trousers from none, and started again trains nothing anew',
  () => {
    const { output, out } = example('cactus');
    expect(share(output, /, ([\d.]+) % fine-tuned/)).toBeGreaterThan(0.6);
    expect(output).toContain('Training: 3 batches, the first of { xs: float32 [32, 96, 96, 3], ys: float32 [32, 1] }');
    expect(output).toMatch(/block4 +trainable false .*\nblock5 +trainable true/);
    expect(output).toMatch(/Threshold 0\.\d+ \(highest F1\)/);
    const again = example('cactus').output;
    expect(again).not.toMatch(/epoch 1:/);
    expect(again.slice(again.indexOf('Accuracy'))).toBe(output.slice(output.indexOf('Accuracy')));
    expect(accuracyOf(out)).toBe(share(again, /, ([\d.]+) % fine-tuned/));
    expect(chartsOf(out)).toEqual([
      'confusion.png',
      'most-wrong.png',
      'precision-recall.png',
      'predictions.png',
      'roc.png',
      'samples.png',
      'training.png',
    ]);
    expect(isModel(out)).toBe(true);
  },
  2 * MINUTES,
);

test(
  'cactus trains with MixUp and CutMix in turn, with images that worker threads decode, and the same seed gives the same run',
  () => {
    const run = (name: string, workers: string): string => {
      const short = ['--per-class', '16', '--head-epochs', '1', '--epochs', '2'];
      return example('cactus', ...short, '--mixup', '0.2', '--cutmix', '1', '--workers', workers, '--out', path.join(folder, name)).output;
    };
    const output = run('mixed', '1');
    expect(output).toMatch(/workers 1,.* mixup 0\.2, cutmix 1/);
    const epochs = (text: string): string[] => [...text.matchAll(/^\S+ epoch \d+: .*$/gm)].map(([line]) => line);
    expect(epochs(output)).toHaveLength(2);
    expect(epochs(run('mixed-again', '0'))).toEqual(epochs(output));
  },
  2 * MINUTES,
);

test(
  'xray-findings does better than chance with two networks together, and draws and saves everything',
  () => {
    const { output, out } = example('xray-findings');
    expect(accuracyOf(out)).toBeGreaterThan(0.45);
    expect(output).toContain('Found 232 images belonging to 3 classes.');
    expect(output).toContain('All 2 together');
    const drawn = ['augmentation', 'samples', 'predictions', 'most-wrong', 'confusion', 'curves'];
    expect(drawn.filter((name) => !isPng(path.join(out, `${name}.png`)))).toEqual([]);
    expect(['model-1.onnx', 'model-2.onnx', 'model-2/model.json'].filter((file) => !existsSync(path.join(out, file)))).toEqual([]);
  },
  MINUTES,
);

test(
  'imagenet writes and reads its records, shows data, model and layers, keeps every checkpoint, and draws its charts',
  () => {
    const { output, out } = example('imagenet');
    expect(output).toMatch(/Top-1 [\d.]+ %, top-5 [\d.]+ % of 80 images/);
    expect(output).toContain('Found 80 images belonging to 10 classes.');
    expect(output).toContain('Training: 5 batches, the first of { xs: float32 [16, 64, 64, 3], ys: float32 [16, 10] }');
    expect(output).toContain('affine: rotation up to 7 degrees, fill constant');
    expect(output).toContain('brightness by up to 0.3 of 255');
    expect(output).toMatch(/^3,341,802 parameters train, 84,032 are frozen:/m);
    expect(readdirSync(path.join(out, 'records'))).toEqual([
      'train-00000-of-00002',
      'train-00001-of-00002',
      'validation-00000-of-00002',
      'validation-00001-of-00002',
    ]);
    expect(readdirSync(out).filter((file) => file.startsWith('epoch-'))).toEqual(['epoch-1.safetensors', 'epoch-2.safetensors']);
    expect(chartsOf(out)).toEqual(['activation.png', 'samples.png', 'scalings.png', 'schedule.png', 'training.png']);
    expect(isModel(out)).toBe(true);
  },
  MINUTES,
);

test(
  'imagenet writes flat records, trains at a higher resolution with MixUp and worker threads, and compares its maps with an earlier run',
  () => {
    const earlier = path.join(folder, 'imagenet');
    const out = path.join(folder, 'resolution');
    const small = ['--per-class', '4', '--images', '40', '--batch-size', '8'];
    const scaled = ['--schema', 'flat', '--scaling', 'resolution', '--keep-checkpoints', '1', '--mixup', '0.2', '--workers', '1'];
    const output = start('imagenet', '--preset', 'quick', ...small, ...scaled, '--compare', earlier, '--out', out);
    expect(readdirSync(path.join(out, 'records'))).toEqual(['train_tf', 'validation_tf']);
    expect(output).toContain('the first of { xs: float32 [8, 128, 128, 3], ys: float32 [8, 10] }');
    expect(readdirSync(out).filter((file) => file.startsWith('epoch-'))).toEqual(['epoch-2.safetensors']);
    expect(isPng(path.join(out, 'scalings.png'))).toBe(true);
  },
  MINUTES,
);

test(
  'convert-weights gives the same answer in every format',
  () => {
    const answers = [...start('convert-weights').matchAll(/says class (\d+) with ([\d.]+)/g)].map(
      ([, index, probability]) => `${index as string} ${probability as string}`,
    );
    expect(answers).toHaveLength(10);
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^388 0\.9/);
  },
  MINUTES,
);

test(
  "custom-blocks loads Lite0's weights into a network of own parts, trains it, and gets the same answers after saving, loading and exporting",
  () => {
    const output = start('custom-blocks', '--pictures', '40');
    expect(output).toContain("225 weights of Lite0 loaded; 36 of the network's 263 are its own");
    expect(output).toContain('Saved and loaded, it predicts exactly the same.');
    expect(output).toContain('On ONNX Runtime, it predicts the same, within 0.00001.');
  },
  MINUTES,
);
