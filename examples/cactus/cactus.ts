// Question: is there a cactus in this aerial photo, and from which probability on should the answer be yes?
// Command:  npm run example:cactus                                  (trousers among clothes stand in for cacti)
//           npm run example:cactus -- --data path/to/aerial-cactus-identification
// The README beside this file has the steps, the expected output and what to change.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  adam,
  binaryCrossEntropy,
  checkpoint,
  checkpointFile,
  classificationReport,
  decodeImage,
  evaluate,
  fineTune,
  freeze,
  imageBatches,
  imageFiles,
  imagesFromCsv,
  mostWrong,
  precisionRecallCurve,
  progressBar,
  replaceHead,
  resume,
  rocAuc,
  rocCurve,
  tensorBoard,
  trainValidationSplit,
  unfreeze,
  unfreezeExceptBatchNorm,
  writeReport,
  type CsvFile,
  type EpochMetrics,
  type Evaluation,
  type LayerSelector,
  type Pixels,
} from 'effnet-ts/node';
import { confusionChart, precisionRecallChart, rocChart, trainingChart } from 'effnet-ts/plots';
import { drawCharts, drawPredictions, drawSamples, randomPredictions, saveResult } from '../shared/draw.js';
import { interruption, runExample } from '../shared/run.js';
import { inRuntime, runtimeIfInstalled } from '../shared/runtime.js';
import { DATA, readSettings } from '../shared/settings.js';
import { percent, printEpochs, showData, showModel, showTrainable } from '../shared/show.js';
import { loadBackbone, mixBatches, startWorkers } from '../shared/startup.js';
import { CHECKPOINT, HEAD, OPTIMIZER, SETTINGS, VALIDATION_FRACTION } from './settings.js';

/** The official table has the columns `id` and `has_cactus`, which is 0 or 1. */
const CLASS_NAMES = ['none', 'cactus'];

const settings = readSettings('example:cactus', SETTINGS);

await runExample(async () => {
  const { out, inputSize, batchSize, seed, dropoutRate } = settings;
  const signal = interruption();
  await mkdir(out, { recursive: true });
  const workers = startWorkers(settings);
  const backbone = await loadBackbone(settings);

  // 1. The data: a table of files and labels, split at random, with the same share of cacti on both sides.
  const { files, folder } = await listImages();
  const { train, validation } = trainValidationSplit(files, VALIDATION_FRACTION, { seed, stratifyBy: ({ label }) => label });
  const reading = { inputSize, labelMode: 'binary' as const, workers };
  const images = imageFiles(train, { ...reading, seed });
  const trainBatches = mixBatches(imageBatches(images, { batchSize }), settings).prefetch('auto');
  const validationBatches = imageBatches(imageFiles(validation, { ...reading, shuffle: false }), { batchSize });
  await showData('Training', train.length, CLASS_NAMES.length, trainBatches);
  await showData('Validation', validation.length, CLASS_NAMES.length, validationBatches);
  await drawSamples(path.join(out, 'samples.png'), images, CLASS_NAMES);

  // 2. The network: ImageNet weights with global max pooling and one sigmoid, the probability of a cactus.
  const model = replaceHead(backbone, { ...HEAD, classes: 1, classNames: CLASS_NAMES, dropoutRate, seed });
  showModel(model, batchSize);

  const phase = async (name: string, layers: LayerSelector, epochs: number, learningRate: number): Promise<readonly EpochMetrics[]> => {
    const history = await fineTune(model, {
      train: trainBatches,
      validation: validationBatches,
      stages: [{ unfreeze: layers, epochs, learningRate }],
      loss: binaryCrossEntropy(),
      optimizer: () => adam(OPTIMIZER),
      callbacks: [
        printEpochs(name),
        tensorBoard(path.join(out, 'tensorboard', name)),
        checkpoint(path.join(out, `${name}-best.safetensors`), CHECKPOINT),
      ],
      // A run that was stopped continues from this file. Another number of epochs is another run.
      store: checkpointFile(path.join(out, `${name}-${epochs}.safetensors`)),
      runtime: await runtimeIfInstalled(),
      onProgress: progressBar(),
      signal,
    });
    await resume(model, path.join(out, `${name}-best.safetensors`));
    return history;
  };
  const measure = (): Promise<Evaluation> =>
    inRuntime(model, (fast) =>
      evaluate(fast, imageFiles(validation, { inputSize, classes: 2, shuffle: false, workers }), { onProgress: progressBar() }),
    );

  // 3. The classifier alone, on the frozen network.
  freeze(model);
  unfreeze(model, ['predictions']);
  await showTrainable(model, path.join(out, 'layers-head.txt'));
  const first = await phase('head', ['predictions'], settings.headEpochs, settings.rate);
  const before = await measure();

  // 4. Everything from one block on, except BatchNormalization, at a tenth of the rate.
  const last = { from: settings.unfreezeFrom };
  freeze(model);
  unfreezeExceptBatchNorm(model, last);
  await showTrainable(model, path.join(out, 'layers-fine-tuning.txt'));
  const second = await phase('fine-tuning', last, settings.epochs - settings.headEpochs, settings.fineTuneRate);
  const after = await measure();

  // 5. The results.
  console.log(`\n${classificationReport(after)}`);
  console.log(
    `\nAccuracy ${percent(before.accuracy)} with the classifier alone, ${percent(after.accuracy)} fine-tuned; ` +
      `area under the ROC curve ${rocAuc(after).macro.toFixed(3)}`,
  );
  printThresholds(after);
  for (const { file, label, predicted, probability } of mostWrong(after, 5))
    console.log(`${file}: ${label} predicted as ${predicted} (${probability.toFixed(2)})`);
  const history = [
    { name: 'head', history: first },
    { name: 'fine-tuning', history: second },
  ];
  await drawCharts(out, {
    training: trainingChart(history),
    confusion: confusionChart(after),
    roc: rocChart(after),
    'precision-recall': precisionRecallChart(after),
  });
  const imageOf = ({ file }: { readonly file: string }): Promise<Pixels> => decodeImage(path.join(folder, file));
  await drawPredictions(path.join(out, 'predictions.png'), await randomPredictions(after, 12, seed), imageOf);
  await drawPredictions(path.join(out, 'most-wrong.png'), mostWrong(after, 12), imageOf);
  const report = await writeReport(out, {
    title: 'Cactus or none',
    evaluation: after,
    before,
    history,
    model,
    settings: { ...settings },
    imageOf,
  });
  await saveResult(model, out);
  await workers?.dispose();
  console.log(`\nOpen ${report.html}`);
});

/** Reads `train.csv` beside `train/`, or `train/train/` as the archive unpacks. Without a data folder, writes a table of clothes. */
async function listImages(): Promise<{ files: readonly CsvFile[]; folder: string }> {
  const { data, csv, out, perClass } = settings;
  const nested = path.join(data, 'train', 'train');
  const folder = data === '' ? DATA : existsSync(nested) ? nested : path.join(data, 'train');
  const table = data === '' ? await writeTable(path.join(out, 'train.csv')) : path.join(data, csv);
  const { files } = await imagesFromCsv(table, {
    pathColumn: 'id',
    labelColumn: 'has_cactus',
    names: { 0: 'none', 1: 'cactus' },
    classNames: CLASS_NAMES,
    folder,
  });
  const ofClass = (label: number): CsvFile[] => files.filter((file) => file.label === label);
  return { files: perClass === 0 ? files : [0, 1].flatMap((label) => ofClass(label).slice(0, perClass)), folder };
}

/** Writes a table in which long and short trousers are cacti, and dresses, skirts and shirts are not. */
async function writeTable(file: string): Promise<string> {
  const classes = { dress: 0, longsleeve: 0, skirt: 0, pants: 1, shorts: 1 };
  const rows = ['train', 'validation'].flatMap((side) =>
    Object.entries(classes).flatMap(([name, label]) =>
      readdirSync(path.join(DATA, 'clothing', side, name)).map((image) => `clothing/${side}/${name}/${image},${label}`),
    ),
  );
  await writeFile(file, `id,has_cactus\n${rows.join('\n')}\n`);
  return file;
}

/** Prints the accuracy at three thresholds, which are chosen on the validation images. */
function printThresholds(evaluation: Evaluation): void {
  const { bestThreshold: byF1 } = precisionRecallCurve(evaluation, 'cactus');
  const { bestThreshold: byYouden } = rocCurve(evaluation, 'cactus');
  const { probabilities, labels } = evaluation.predictions;
  for (const [name, threshold] of [
    ['one half', 0.5],
    ['highest F1', byF1],
    ['Youden', byYouden],
  ] as const) {
    const correct = labels.reduce((count, label, i) => count + Number(label === Number((probabilities[2 * i + 1] ?? 0) >= threshold)), 0);
    console.log(`Threshold ${threshold.toFixed(3)} (${name}): ${percent(correct / labels.length)} correct`);
  }
}
