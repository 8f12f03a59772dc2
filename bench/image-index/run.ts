// Compares the classifier of imageIndex with trainHead, for 1, 5, 20 and all photos per class, and measures what one more class costs.
// Photos are chosen three times for each number; the table has means. Features are computed once, by Lite0 on ONNX Runtime.
// npm run bench:image-index               the clothes of the examples, some minutes

import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, shuffled } from '../../src/core/internal.js';
import { Dataset, efficientNet, imageFolder, imageIndex, loadWeights, selectBackend, trainHead, type ImageBatch } from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { addSecondMoments, discriminant } from '../../src/training/internal.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { fromRoot } from '../support/paths.js';
import { printTable } from '../support/results.js';

interface Photos {
  readonly rows: readonly Float32Array[];
  readonly labels: readonly number[];
}

const SHRINKAGE = 0.9;

await selectBackend();
const backbone = efficientNet('lite0');
await loadWeights(backbone, await readFile(fromRoot('examples/data/weights/efficientnet-lite0.safetensors')));

async function featuresOf(part: string): Promise<{ photos: Photos; classNames: readonly string[]; width: number }> {
  const { images, classNames } = await imageFolder(fromRoot(`examples/data/clothing/${part}`), { inputSize: 224, shuffle: false });
  const index = await imageIndex(backbone, { preprocessing: images, runtime: createRuntime });
  await index.add(images, { classNames });
  const arrays = await index.arrays();
  const [values, labels] = ['features', 'labels'].map((name) => arrays.get(name)?.values() ?? new Float32Array(0));
  const width = arrays.get('features')?.shape[1] ?? 0;
  await index.dispose();
  const rows = Array.from(labels ?? [], (_, i) => (values ?? new Float32Array(0)).slice(i * width, (i + 1) * width));
  return { photos: { rows, labels: [...(labels ?? [])] }, classNames, width };
}

const { photos: train, classNames, width } = await featuresOf('train');
const { photos: validation } = await featuresOf('validation');

/** Returns accuracy and cross-entropy on the validation photos. */
function score(kernel: Float32Array, bias: Float32Array): readonly [accuracy: number, loss: number] {
  let [correct, loss] = [0, 0];
  validation.rows.forEach((row, i) => {
    const logits = Array.from(bias);
    for (let k = 0; k < width; k++) {
      for (let c = 0; c < bias.length; c++)
        logits[c] = (logits[c] as number) + (row[k] as number) * (kernel[k * bias.length + c] as number);
    }
    const label = validation.labels[i] as number;
    const highest = Math.max(...logits);
    if (logits.indexOf(highest) === label) correct++;
    loss += highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) - (logits[label] as number);
  });
  return [correct / validation.rows.length, loss / validation.rows.length];
}

function momentsOf(rows: readonly Float32Array[]): Float64Array {
  const moments = new Float64Array(width * width);
  addSecondMoments(moments, width, rows, 1);
  return moments;
}

function indexScore({ rows, labels }: Photos): readonly number[] {
  const { kernel, bias } = discriminant({ width, rows, labels, classes: classNames.length, moments: momentsOf(rows) }, SHRINKAGE);
  return score(kernel, bias);
}

async function headScore({ rows, labels }: Photos, seed: number): Promise<readonly number[]> {
  const input = tfl.input({ shape: [width] });
  const identity = tfl.layers.activation({ activation: 'linear', name: `identity_${rows.length}_${seed}` });
  const features = tfl.model({ inputs: input, outputs: identity.apply(input) as tfl.SymbolicTensor });
  const batches = Dataset.from(function* () {
    for (let at = 0; at < rows.length; at += 32) {
      const some = rows.slice(at, at + 32).map((row) => Array.from(row));
      yield { xs: tf.tensor2d(some), ys: tf.tensor1d(labels.slice(at, at + 32), 'int32') };
    }
  }) as unknown as Dataset<ImageBatch>;
  const { model } = await trainHead(features, { train: batches, classNames, seed });
  const [kernel, bias] = await Promise.all(
    model
      .getLayer('predictions')
      .getWeights()
      .map((weight) => weight.data()),
  );
  model.dispose();
  return score(kernel as Float32Array, bias as Float32Array);
}

function choose(perClass: number, seed: number): Photos {
  const counts = new Map<number, number>();
  const chosen = shuffled([...train.rows.keys()], createRandom(seed)).filter((i) => {
    const label = train.labels[i] as number;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    return (counts.get(label) as number) <= perClass;
  });
  return { rows: chosen.map((i) => train.rows[i] as Float32Array), labels: chosen.map((i) => train.labels[i] as number) };
}

const mean = (runs: readonly (readonly number[])[], at: number): number =>
  runs.reduce((sum, run) => sum + (run[at] as number), 0) / runs.length;
const cells = (runs: readonly (readonly number[])[]): string[] => [`${(100 * mean(runs, 0)).toFixed(1)} %`, mean(runs, 1).toFixed(3)];
const lines: string[][] = [];
for (const perClass of [1, 5, 20, 60]) {
  const seeds = perClass === 60 ? [1] : [1, 2, 3];
  const indexed = seeds.map((seed) => indexScore(choose(perClass, seed)));
  const trained: (readonly number[])[] = [];
  for (const seed of seeds) trained.push(await headScore(choose(perClass, seed), seed));
  lines.push([String(perClass), ...cells(indexed), ...cells(trained)]);
}
console.log(machineLine(describeMachine()));
printTable(
  'Accuracy and log loss on the validation photos',
  ['photos per class', 'imageIndex', 'log loss', 'trainHead', 'log loss'],
  lines,
);

// Ten thousand photos, by repetition with noise. Sixty photos of one more class are then added.
const noise = createRandom(1);
const many = Array.from({ length: 10_000 }, (_, i) =>
  (train.rows[i % train.rows.length] as Float32Array).map((value) => value + noise.uniform(0, 0.1)),
);
const labels = many.map((_, i) => train.labels[i % train.rows.length] as number);
const timed = <T>(task: string, work: () => T): T => {
  const start = process.cpuUsage();
  const result = work();
  console.log(`${task}: ${(process.cpuUsage(start).user / 1e6).toFixed(2)} s of processor time`);
  return result;
};
const moments = timed('10,000 photos, first classifier, its second moments', () => momentsOf(many));
const more = many.slice(0, 60).map((row) => row.map((value) => value * 0.9));
const rows = [...many, ...more];
const allLabels = [...labels, ...more.map(() => classNames.length)];
timed('one more class of 60 photos, second moments', () => {
  addSecondMoments(moments, width, more, 1);
});
for (const run of ['first', 'second']) {
  timed(`classifier (${run} run)`, () =>
    discriminant({ width, rows, labels: allLabels, classes: classNames.length + 1, moments }, SHRINKAGE),
  );
}
