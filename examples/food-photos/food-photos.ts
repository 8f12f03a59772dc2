// Question: how much does fine-tuning the whole network add to a new head on a frozen one?
// Command:  npm run example:food-photos                            (ten kinds of clothes stand in for dishes)
//           npm run example:food-photos -- --data path/to/food-101
// The README beside this file has the figures, the minutes and what to change.

import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  adam,
  checkpoint,
  checkpointFile,
  classificationReport,
  compareEvaluations,
  confidenceInterval,
  decodeImage,
  evaluate,
  fineTune,
  food101Files,
  imageBatches,
  imageFiles,
  imageFolder,
  mostWrong,
  predictionsTable,
  progressBar,
  replaceHead,
  resume,
  saveModel,
  tensorBoard,
  trainableSummary,
  trainAugmentation,
  trainValidationSplit,
  writeReport,
  type FolderFile,
  type Evaluation,
  type FineTuneStage,
  type PredictionRow,
} from 'effnet-ts/node';
import { imageDataUrl, imageGrid, renderPng, type GridImage } from 'effnet-ts/plots';
import { interruption, runExample } from '../shared/run.js';
import { DATA, readSettings, type CommonSettings } from '../shared/settings.js';
import { percent, printEpochs } from '../shared/show.js';
import { loadBackbone } from '../shared/startup.js';

interface Settings extends CommonSettings {
  readonly inputSize: number;
  readonly batchSize: number;
  /** Batches whose gradients make one step: batches of 8 and 4 of them learn as a batch of 32, in a quarter of the memory. */
  readonly accumulate: number;
  readonly headEpochs: number;
  readonly headRate: number;
  /** Of both phases together, as Keras' `initial_epoch` counts. */
  readonly epochs: number;
  readonly rate: number;
  /** Share of the validation batches that are measured after an epoch. */
  readonly validationShare: number;
  /** Pictures of each class, at most; 0 is all. */
  readonly perClass: number;
}

const PICTURES = 12;

const settings = readSettings<Settings>('example:food-photos', {
  full: {
    data: '',
    variant: 'b0',
    weights: '',
    backend: 'wasm',
    workers: 0,
    mixup: 0,
    cutmix: 0,
    seed: 1,
    out: path.join('runs', 'food-photos'),
    inputSize: 224,
    batchSize: 32,
    accumulate: 1,
    headEpochs: 3,
    headRate: 1e-3,
    epochs: 5,
    rate: 1e-4,
    validationShare: 0.15,
    perClass: 0,
  },
  repository: { data: path.join(DATA, 'clothing'), variant: 'lite0', inputSize: 128, validationShare: 0.5 },
  quick: { inputSize: 96, headEpochs: 3, epochs: 4, perClass: 8 },
});

await runExample(async () => {
  const { out, inputSize, batchSize, accumulate, seed } = settings;
  const signal = interruption();
  const { classNames, train, validation } = await listPictures();
  console.log(`${train.length} pictures to learn ${classNames.length} classes from, ${validation.length} to measure on`);
  const model = replaceHead(await loadBackbone(settings), { classes: classNames.length, classNames, dropoutRate: 0.2, seed });

  // The recipe 'resize' only resizes, as the story did. Try 'default' for crops, flips and colors.
  console.log(`Each picture: ${trainAugmentation('resize', inputSize).describe()}`);
  const reading = { inputSize, classes: classNames.length };
  // The whole list is shuffled anew each epoch; that costs nothing, and a buffer of 1,000 decoded pictures is not needed.
  const labeled = imageFiles(train, { ...reading, seed });
  // In another order than by class, so that a share of the batches is a share of every class.
  const measured = imageBatches(imageFiles(validation, { ...reading, seed }), { batchSize });
  const phase = async (name: string, stage: FineTuneStage): Promise<readonly { epoch: number }[]> => {
    const history = await fineTune(model, {
      train: imageBatches(labeled, { batchSize }).prefetch(2),
      validation: measured,
      validationSteps: Math.max(1, Math.round(settings.validationShare * Math.ceil(validation.length / batchSize))),
      stages: [stage],
      optimizer: () => adam({ accumulationSteps: accumulate }),
      callbacks: [
        printEpochs(name),
        tensorBoard(path.join(out, 'tensorboard', name), {
          updateEverySteps: 10,
          hyperParameters: { rate: stage.learningRate as number, batchSize, inputSize },
        }),
        checkpoint(path.join(out, `${name}-best.safetensors`), { monitor: 'val_accuracy', saveBestOnly: true, saveWeightsOnly: true }),
      ],
      store: checkpointFile(path.join(out, `${name}.safetensors`)),
      checkpointEverySteps: 100,
      onProgress: progressBar(),
      signal,
    });
    await resume(model, path.join(out, `${name}-best.safetensors`));
    return history;
  };
  const measure = (): Promise<Evaluation> =>
    evaluate(model, imageFiles(validation, { ...reading, shuffle: false }), { onProgress: progressBar() });

  const first = await phase('head', { unfreeze: ['predictions'], epochs: settings.headEpochs, learningRate: settings.headRate });
  const before = await measure();
  console.log(`\nThe head alone:\n${classificationReport(before)}\n`);

  const second = await phase('fine-tuning', {
    unfreeze: 'all',
    epochs: settings.epochs - settings.headEpochs,
    learningRate: settings.rate,
  });
  const after = await measure();
  console.log(`\nFine-tuned, ${trainableSummary(model).trainable} parameters:\n${classificationReport(after)}\n`);

  tellDifference(before, after);
  await draw('predictions.png', spread(predictionsTable(after), PICTURES));
  await draw('most-wrong.png', mostWrong(after, PICTURES));
  const report = await writeReport(out, {
    title: `Food photos: ${settings.variant}, head and fine-tuning`,
    evaluation: after,
    before,
    model,
    settings: { ...settings },
    history: [
      { name: 'head', history: first },
      { name: 'fine-tuning', history: second },
    ],
    imageOf: picture,
  });
  await saveModel(model, path.join(out, 'model'));
  console.log(`\nOpen ${report.html}; compare runs with: tensorboard --logdir ${path.join(out, 'tensorboard')}`);
});

/** Food-101's official lists, or `train/` and `validation/` with one sub-folder a class, or one sub-folder a class. */
async function listPictures(): Promise<{ classNames: readonly string[]; train: readonly FolderFile[]; validation: readonly FolderFile[] }> {
  const { data, perClass, seed } = settings;
  // Called by their place in the folder, by which `picture` finds them again.
  const few = (files: readonly FolderFile[]): readonly FolderFile[] => {
    const counts = new Map<number, number>();
    const kept = files.filter(({ label }) => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      return perClass === 0 || (counts.get(label) ?? 0) <= perClass;
    });
    return kept.map(({ path: file, label }) => ({ path: file, label, origin: path.relative(data, file) }));
  };
  if (existsSync(path.join(data, 'meta', 'classes.txt'))) {
    const { classNames, train, test } = await food101Files(data);
    return { classNames, train: few(train), validation: few(test) };
  }
  if (existsSync(path.join(data, 'train')) && existsSync(path.join(data, 'validation'))) {
    const { classNames, files } = await imageFolder(path.join(data, 'train'));
    const validation = await imageFolder(path.join(data, 'validation'), { classNames });
    return { classNames, train: few(files), validation: few(validation.files) };
  }
  const { classNames, files } = await imageFolder(data);
  const { train, validation } = trainValidationSplit(files, 0.2, { seed, stratifyBy: ({ label }) => label });
  return { classNames, train: few(train), validation: few(validation) };
}

function tellDifference(before: Evaluation, after: Evaluation): void {
  console.log('F1 by class                 before   after');
  for (const [i, { name, f1 }] of before.perClass.entries())
    console.log(`${name.padEnd(26)} ${f1.toFixed(3).padStart(7)} ${(after.perClass[i]?.f1 ?? NaN).toFixed(3).padStart(7)}`);
  const { low, high } = confidenceInterval(after, 'accuracy');
  const { fixed, broken, pValue } = compareEvaluations(before, after);
  console.log(
    `\nAccuracy ${percent(before.accuracy)} with the head alone, ` +
      `${percent(after.accuracy)} fine-tuned (95 % between ${percent(low)} and ${percent(high)}).`,
  );
  console.log(`Fine-tuning mended ${fixed.length} pictures and broke ${broken.length} (McNemar p = ${pValue.toPrecision(2)}).`);
  console.log(
    `Surest mistakes:\n${mostWrong(after, 5)
      .map(({ file, label, predicted, probability }) => `  ${file}: ${label} taken for ${predicted} (${probability.toFixed(2)})`)
      .join('\n')}`,
  );
}

async function draw(file: string, rows: readonly PredictionRow[]): Promise<void> {
  if (rows.length === 0) return;
  const images = await Promise.all(
    rows.map(async (row): Promise<GridImage> => ({
      url: await imageDataUrl(await picture(row)),
      title: `${row.predicted} ${row.probability.toFixed(2)}`,
      correct: row.correct,
    })),
  );
  await mkdir(settings.out, { recursive: true });
  await writeFile(path.join(settings.out, file), await renderPng(imageGrid(images)));
}

function picture({ file }: PredictionRow): ReturnType<typeof decodeImage> {
  return decodeImage(path.join(settings.data, file));
}

function spread<T>(rows: readonly T[], count: number): readonly T[] {
  return Array.from(
    { length: Math.min(count, rows.length) },
    (_, i) => rows[Math.floor((i * rows.length) / Math.min(count, rows.length))] as T,
  );
}
