// Which score tells best that an image shows none of the classes? A head learns seven of the ten kinds of clothes and is asked about the
// photos of the other three, and about unrelated photos: the panda, sixteen parts of it, and the files that are named.
// Prints the means over five random choices of the three. Features are computed once, by Lite0 on ONNX Runtime.
// npm run bench:open-set                        some minutes
// npm run bench:open-set -- a.jpg b.jpg         more unrelated photos

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, shuffled } from '../../src/core/internal.js';
import {
  crop,
  Dataset,
  decodeImage,
  efficientNet,
  evaluatePredictions,
  evaluateUnknown,
  fitTemperature,
  imageFolder,
  imageIndex,
  loadWeights,
  resize,
  selectBackend,
  trainHead,
  type ImageBatch,
} from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { fromRoot } from '../support/paths.js';
import { printTable } from '../support/results.js';
import { logitsOf, scoresOf, type Fitted } from './scores.js';

interface Photos {
  readonly rows: readonly Float32Array[];
  readonly labels: readonly number[];
}

const CHOICES = 5;

await selectBackend();
const backbone = efficientNet('lite0');
await loadWeights(backbone, await readFile(fromRoot('examples/data/weights/efficientnet-lite0.safetensors')));
const folder = (part: string): ReturnType<typeof imageFolder> =>
  imageFolder(fromRoot(`examples/data/clothing/${part}`), { inputSize: 224, shuffle: false });
const { images: preprocessing, classNames } = await folder('train');
const classes = classNames.length;

async function featuresOf(add: (index: Awaited<ReturnType<typeof imageIndex>>) => Promise<void>): Promise<Photos> {
  const index = await imageIndex(backbone, { preprocessing, runtime: createRuntime });
  await add(index);
  const arrays = await index.arrays();
  const [values, labels] = ['features', 'labels'].map((name) => arrays.get(name)?.values() ?? new Float32Array(0)) as [
    Float32Array,
    Float32Array,
  ];
  await index.dispose();
  const width = values.length / labels.length;
  return { rows: Array.from(labels, (_, i) => values.slice(i * width, (i + 1) * width)), labels: [...labels] };
}

const [train, validation] = (await Promise.all(
  ['train', 'validation'].map((part) =>
    featuresOf(async (index) => {
      const { images } = await folder(part);
      await index.add(images, { classNames });
    }),
  ),
)) as [Photos, Photos];
const panda = await decodeImage(fromRoot('examples/data/photos/panda.jpg'));
const [height, width4] = [Math.floor(panda.height / 4), Math.floor(panda.width / 4)];
const parts = Array.from({ length: 16 }, (_, i) =>
  crop(panda, { top: height * Math.floor(i / 4), left: width4 * (i % 4), height, width: width4 }),
);
const named = await Promise.all(process.argv.slice(2).map((file) => decodeImage(path.resolve(file))));
const unrelated = await featuresOf(async (index) => {
  await index.add(
    [panda, ...parts, ...named].map((image, i) => ({
      pixels: resize(image, [224, 224], { antialias: true }),
      label: 0,
      origin: String(i),
    })),
    { className: 'other' },
  );
});
const width = (train.rows[0] as Float32Array).length;

/** Trains a head of the chosen classes on features. */
async function fit({ rows, labels }: Photos, names: readonly string[], seed: number): Promise<Omit<Fitted, 'temperature'>> {
  const input = tfl.input({ shape: [width] });
  const identity = tfl.layers.activation({ activation: 'linear', name: `identity_${seed}` });
  const features = tfl.model({ inputs: input, outputs: identity.apply(input) as tfl.SymbolicTensor });
  const order = shuffled([...rows.keys()], createRandom(seed));
  const batches = Dataset.from(function* () {
    for (let at = 0; at < rows.length; at += 32) {
      const some = order.slice(at, at + 32);
      yield {
        xs: tf.tensor2d(some.map((i) => Array.from(rows[i] as Float32Array))),
        ys: tf.tensor1d(
          some.map((i) => labels[i] as number),
          'int32',
        ),
      };
    }
  }) as unknown as Dataset<ImageBatch>;
  const { model } = await trainHead(features, { train: batches, classNames: names, seed });
  const [kernel, bias] = await Promise.all(
    model
      .getLayer('predictions')
      .getWeights()
      .map((weight) => weight.data()),
  );
  model.dispose();
  return { width, classes: names.length, rows, labels, kernel: kernel as Float32Array, bias: bias as Float32Array };
}

/** Returns the photos of the chosen classes, with labels in the order of the choice. */
function only({ rows, labels }: Photos, chosen: readonly number[]): Photos {
  const indices = labels.flatMap((label, i) => (chosen.includes(label) ? [i] : []));
  return { rows: indices.map((i) => rows[i] as Float32Array), labels: indices.map((i) => chosen.indexOf(labels[i] as number)) };
}

/** Returns the largest share of photos that can be accepted, most certain first, with at most 5 % of them wrong. */
function coverageAt5(scores: readonly number[], isRight: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
  let [wrong, best] = [0, 0];
  order.forEach((i, at) => {
    if (isRight[i] !== true) wrong++;
    if (wrong <= 0.05 * (at + 1)) best = (at + 1) / order.length;
  });
  return best;
}

const results = new Map<string, number[][]>();
for (let seed = 1; seed <= CHOICES; seed++) {
  const order = shuffled([...classNames.keys()], createRandom(seed));
  const [known, others] = [order.slice(0, classes - 3), order.slice(classes - 3)];
  const head = await fit(
    only(train, known),
    known.map((c) => classNames[c] as string),
    seed,
  );
  const held = only(validation, known);
  const isHeld = shuffled([...held.rows.keys()], createRandom(seed)).map((i) => i % 2 === 0);
  const half = (even: boolean): Photos => ({
    rows: held.rows.filter((_, i) => isHeld[i] === even),
    labels: held.labels.filter((_, i) => isHeld[i] === even),
  });
  const [calibration, test] = [half(true), half(false)];
  const probabilities = calibration.rows.map((row) => {
    const logits = logitsOf({ ...head, temperature: 1 }, row);
    const exponentials = logits.map((value) => Math.exp(value - Math.max(...logits)));
    const total = exponentials.reduce((a, b) => a + b, 0);
    return Array.from(exponentials, (value) => value / total);
  });
  const temperature = fitTemperature(evaluatePredictions(probabilities, [...calibration.labels]));
  const fitted = { ...head, temperature };
  const isRight = test.rows.map((row, i) => {
    const logits = logitsOf(fitted, row);
    return logits.indexOf(Math.max(...logits)) === test.labels[i];
  });
  const other = only(validation, others);
  for (const [name, score] of Object.entries(scoresOf(fitted, [...test.rows, ...other.rows, ...unrelated.rows]))) {
    const scores = test.rows.map(score);
    const [clothes, photos] = [other, unrelated].map(({ rows }) => evaluateUnknown(scores, rows.map(score))) as [
      ReturnType<typeof evaluateUnknown>,
      ReturnType<typeof evaluateUnknown>,
    ];
    const runs = results.get(name) ?? [];
    results.set(name, runs);
    runs.push([clothes.auc, clothes.falsePositiveRate95, photos.auc, photos.falsePositiveRate95, coverageAt5(scores, isRight)]);
  }
  console.error(
    `choice ${seed} of ${CHOICES}: none of ${others.map((c) => classNames[c]).join(', ')}; temperature ${temperature.toFixed(2)}`,
  );
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
const percent = (values: readonly number[]): string => `${(100 * mean(values)).toFixed(0)} %`;
console.log(machineLine(describeMachine()));
printTable(
  `Known and unknown, ${CHOICES} choices of three classes, ${unrelated.rows.length} unrelated photos`,
  [
    'score',
    'AUROC, other clothes',
    'standard deviation',
    'FPR at 95 % TPR, other clothes',
    'AUROC, unrelated',
    'FPR at 95 % TPR, unrelated',
    'coverage at 5 % error',
  ],
  [...results].map(([name, runs]) => {
    const [auc = [], rate = [], farAuc = [], farRate = [], coverage = []] = [0, 1, 2, 3, 4].map((k) => runs.map((run) => run[k] as number));
    return [
      name,
      mean(auc).toFixed(3),
      deviation(auc).toFixed(3),
      percent(rate),
      mean(farAuc).toFixed(3),
      percent(farRate),
      percent(coverage),
    ];
  }),
);
