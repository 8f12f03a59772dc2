// Question: how much does fine-tuning the whole network add to a new classifier on a frozen one?
// Command:  npm run example:food-photos                            (ten kinds of clothes stand in for dishes)
//           npm run example:food-photos -- --data path/to/food-101
// The README beside this file has the steps, the expected output and what to change.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
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
  freeze,
  imageBatches,
  imageFiles,
  imageFolder,
  mostWrong,
  progressBar,
  replaceHead,
  resume,
  softmaxCrossEntropy,
  tensorBoard,
  trainValidationSplit,
  unfreeze,
  unfreezeExceptBatchNorm,
  writeReport,
  type EpochMetrics,
  type Evaluation,
  type FineTuneStage,
  type FolderFile,
  type Pixels,
} from 'effnet-ts/node';
import { classScoreChart, confusionChart, trainingChart } from 'effnet-ts/plots';
import { drawCharts, drawPredictions, drawSamples, randomPredictions, saveResult } from '../shared/draw.js';
import { interruption, runExample } from '../shared/run.js';
import { inRuntime, runtimeIfInstalled } from '../shared/runtime.js';
import { readSettings } from '../shared/settings.js';
import { percent, printEpochs, showData, showModel, showTrainable } from '../shared/show.js';
import { loadBackbone, mixBatches, startWorkers } from '../shared/startup.js';
import { CHECKPOINT, HEAD, OPTIMIZER, SETTINGS } from './settings.js';

const settings = readSettings('example:food-photos', SETTINGS);

await runExample(async () => {
  const { out, inputSize, batchSize, seed } = settings;
  const signal = interruption();
  await mkdir(out, { recursive: true });
  const workers = startWorkers(settings);
  const backbone = await loadBackbone(settings);

  // 1. The data: what it contains, and nine images of it.
  const { classNames, train, validation } = await listImages();
  const reading = { inputSize, classes: classNames.length, workers };
  const images = imageFiles(train, { ...reading, seed });
  const trainBatches = mixBatches(imageBatches(images, { batchSize }), settings).prefetch('auto');
  // Shuffled once, so that a fraction of the batches contains all classes.
  const validationBatches = imageBatches(imageFiles(validation, { ...reading, seed }), { batchSize });
  await showData('Training', train.length, classNames.length, trainBatches);
  await showData('Validation', validation.length, classNames.length, validationBatches);
  await drawSamples(path.join(out, 'samples.png'), images, classNames);

  // 2. The network: ImageNet weights with a new classifier.
  const { dropoutRate } = settings;
  const model = replaceHead(backbone, { ...HEAD, classes: classNames.length, classNames, dropoutRate, seed });
  showModel(model, batchSize);

  const phase = async (name: string, stage: FineTuneStage, initialEpoch = 0): Promise<readonly EpochMetrics[]> => {
    const history = await fineTune(model, {
      train: trainBatches,
      validation: validationBatches,
      validationSteps: Math.max(1, Math.floor(settings.validationShare * Math.ceil(validation.length / batchSize))),
      stages: [stage],
      initialEpoch,
      loss: softmaxCrossEntropy(),
      optimizer: () => adam({ ...OPTIMIZER, accumulationSteps: settings.accumulate }),
      callbacks: [
        printEpochs(name),
        tensorBoard(path.join(out, 'tensorboard', name), {
          updateEverySteps: 10,
          hyperParameters: { rate: stage.learningRate as number, batchSize, inputSize },
        }),
        checkpoint(path.join(out, `${name}-best.safetensors`), CHECKPOINT),
      ],
      // A run that was stopped continues from this file. Another number of epochs is another run.
      store: checkpointFile(path.join(out, `${name}-${stage.epochs}.safetensors`)),
      checkpointEverySteps: 100,
      runtime: await runtimeIfInstalled(),
      onProgress: progressBar(),
      signal,
    });
    await resume(model, path.join(out, `${name}-best.safetensors`));
    return history;
  };
  const measure = (): Promise<Evaluation> =>
    inRuntime(model, (fast) => evaluate(fast, imageFiles(validation, { ...reading, shuffle: false }), { onProgress: progressBar() }));

  // 3. The classifier alone, on the frozen network.
  freeze(model);
  unfreeze(model, ['predictions']);
  await showTrainable(model, path.join(out, 'layers-head.txt'));
  const first = await phase('head', { unfreeze: ['predictions'], epochs: settings.headEpochs, learningRate: settings.headRate });
  const before = await measure();
  console.log(`\nThe classifier alone:\n${classificationReport(before)}\n`);

  // 4. The whole network except BatchNormalization, at a tenth of the rate.
  unfreezeExceptBatchNorm(model);
  await showTrainable(model, path.join(out, 'layers-fine-tuning.txt'));
  const second = await phase(
    'fine-tuning',
    { unfreeze: 'all', epochs: settings.epochs, learningRate: settings.rate },
    settings.initialEpoch,
  );
  const after = await measure();
  console.log(`\nFine-tuned:\n${classificationReport(after)}\n`);

  // 5. The results.
  printDifference(before, after);
  const history = [
    { name: 'head', history: first },
    { name: 'fine-tuning', history: second },
  ];
  await drawCharts(out, {
    training: trainingChart(history),
    f1: classScoreChart(after, { maxClasses: classNames.length }),
    confusion: confusionChart(after, { maxClasses: classNames.length }),
  });
  const imageOf = ({ file }: { readonly file: string }): Promise<Pixels> => decodeImage(path.join(settings.data, file));
  await drawPredictions(path.join(out, 'predictions.png'), await randomPredictions(after, 12, seed), imageOf);
  await drawPredictions(path.join(out, 'most-wrong.png'), mostWrong(after, 12), imageOf);
  const report = await writeReport(out, {
    title: `Food photos: ${settings.variant}, head and fine-tuning`,
    evaluation: after,
    before,
    model,
    settings: { ...settings },
    history,
    imageOf,
  });
  await saveResult(model, out);
  await workers?.dispose();
  console.log(`\nOpen ${report.html}; compare runs with: tensorboard --logdir ${path.join(out, 'tensorboard')}`);
});

interface Files {
  readonly classNames: readonly string[];
  readonly train: readonly FolderFile[];
  readonly validation: readonly FolderFile[];
}

/** Lists Food-101 as published, or `train/` and `validation/` with one sub-folder per class, or one sub-folder per class. */
async function listImages(): Promise<Files> {
  const { data, seed } = settings;
  if (existsSync(path.join(data, 'meta', 'classes.txt'))) {
    const { classNames, train, test } = await food101Files(data);
    return { classNames, train: limit(train), validation: limit(test) };
  }
  if (existsSync(path.join(data, 'train')) && existsSync(path.join(data, 'validation'))) {
    const { classNames, files } = await imageFolder(path.join(data, 'train'));
    const validation = await imageFolder(path.join(data, 'validation'), { classNames });
    return { classNames, train: limit(files), validation: limit(validation.files) };
  }
  const { classNames, files } = await imageFolder(data);
  const { train, validation } = trainValidationSplit(files, 0.2, { seed, stratifyBy: ({ label }) => label });
  return { classNames, train: limit(train), validation: limit(validation) };
}

/** Takes at most `--per-class` images of each class, and names each by its path in the data folder. */
function limit(files: readonly FolderFile[]): readonly FolderFile[] {
  const counts = new Map<number, number>();
  return files
    .filter(({ label }) => {
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      return settings.perClass === 0 || count <= settings.perClass;
    })
    .map(({ path: file, label }) => ({ path: file, label, origin: path.relative(settings.data, file) }));
}

function printDifference(before: Evaluation, after: Evaluation): void {
  console.log('F1 by class                 before   after');
  for (const [i, { name, f1 }] of before.perClass.entries())
    console.log(`${name.padEnd(26)} ${f1.toFixed(3).padStart(7)} ${(after.perClass[i]?.f1 ?? NaN).toFixed(3).padStart(7)}`);
  const { low, high } = confidenceInterval(after, 'accuracy');
  const { fixed, broken, pValue } = compareEvaluations(before, after);
  console.log(
    `\nAccuracy ${percent(before.accuracy)} with the classifier alone, ` +
      `${percent(after.accuracy)} fine-tuned (95 % confidence interval ${percent(low)} to ${percent(high)}).`,
  );
  console.log(`Fine-tuning corrected ${fixed.length} images and broke ${broken.length} (McNemar p = ${pValue.toPrecision(2)}).`);
  console.log('Most confident mistakes:');
  for (const { file, label, predicted, probability } of mostWrong(after, 5))
    console.log(`  ${file}: ${label} predicted as ${predicted} (${probability.toFixed(2)})`);
}
