// Question: is there a cactus in this aerial photo, and from which probability on should one say yes?
// Command:  npm run example:cactus                                  (shoes or no shoes stand in for cacti)
//           npm run example:cactus -- --data path/to/aerial-cactus-identification
// The README beside this file has the figures, the minutes and what to change.

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
  saveModel,
  tensorBoard,
  trainableSummary,
  trainValidationSplit,
  writeReport,
  type CsvFile,
  type Evaluation,
  type LayerSelector,
} from 'effnet-ts/node';
import { confusionChart, precisionRecallChart, renderPng, rocChart, trainingChart } from 'effnet-ts/plots';
import { interruption, runExample } from '../shared/run.js';
import { DATA, readSettings, type CommonSettings } from '../shared/settings.js';
import { percent, printEpochs } from '../shared/show.js';
import { loadBackbone } from '../shared/startup.js';

interface Settings extends CommonSettings {
  readonly inputSize: number;
  readonly batchSize: number;
  readonly headEpochs: number;
  readonly epochs: number;
  readonly rate: number;
  /** The first block that trains in the second phase, at a tenth of the rate. */
  readonly unfreezeFrom: string;
  readonly csv: string;
  /** Pictures of each class, at most; 0 is all. */
  readonly perClass: number;
}

const settings = readSettings<Settings>('example:cactus', {
  full: {
    data: '',
    csv: 'train.csv',
    variant: 'b0',
    weights: '',
    backend: 'wasm',
    workers: 0,
    mixup: 0,
    cutmix: 0,
    seed: 42,
    out: path.join('runs', 'cactus'),
    inputSize: 96,
    batchSize: 32,
    headEpochs: 30,
    epochs: 60,
    rate: 1e-4,
    unfreezeFrom: 'block5a',
    perClass: 0,
  },
  repository: { variant: 'lite0', headEpochs: 4, epochs: 6, rate: 1e-3 },
  quick: { headEpochs: 2, epochs: 3, perClass: 40 },
});

/** Rows of the table: the official one says `id,has_cactus`, with 0 and 1. */
const NAMES = ['none', 'cactus'];

await runExample(async () => {
  const { out, inputSize, batchSize, seed, rate } = settings;
  const signal = interruption();
  await mkdir(out, { recursive: true });
  const { files, folder } = await listPictures();
  const { train, validation } = trainValidationSplit(files, 0.1, { seed, stratifyBy: ({ label }) => label });
  console.log(`${train.length} photos to learn from, ${validation.length} (a tenth, seed ${seed}) to measure on`);

  // One sigmoid: the probability of a cactus.
  const model = replaceHead(await loadBackbone(settings), {
    classes: 1,
    classifierActivation: 'sigmoid',
    classNames: NAMES,
    dropoutRate: 0.2,
    seed,
  });
  const reading = { inputSize, labelMode: 'binary' as const };
  const phase = async (
    name: string,
    unfreeze: LayerSelector,
    epochs: number,
    learningRate: number,
  ): Promise<readonly { epoch: number }[]> => {
    const history = await fineTune(model, {
      train: imageBatches(imageFiles(train, { ...reading, seed }), { batchSize }).prefetch(2),
      validation: imageBatches(imageFiles(validation, { ...reading, shuffle: false }), { batchSize }),
      stages: [{ unfreeze, epochs, learningRate }],
      loss: binaryCrossEntropy(),
      optimizer: () => adam(),
      callbacks: [
        printEpochs(name),
        tensorBoard(path.join(out, 'tensorboard', name)),
        checkpoint(path.join(out, `${name}-best.safetensors`), { monitor: 'val_loss', saveBestOnly: true, saveWeightsOnly: true }),
      ],
      store: checkpointFile(path.join(out, `${name}.safetensors`)),
      onProgress: progressBar(),
      signal,
    });
    await resume(model, path.join(out, `${name}-best.safetensors`));
    return history;
  };
  const measure = (): Promise<Evaluation> =>
    evaluate(model, imageFiles(validation, { inputSize, classes: 2, shuffle: false }), { onProgress: progressBar() });

  const first = await phase('head', ['predictions'], settings.headEpochs, rate);
  const before = await measure();
  const second = await phase('fine-tuning', { from: settings.unfreezeFrom }, settings.epochs - settings.headEpochs, rate / 10);
  console.log(`\nFrom ${settings.unfreezeFrom} on, ${trainableSummary(model).trainable} parameters trained.`);
  const after = await measure();

  console.log(`\n${classificationReport(after)}`);
  console.log(
    `\nAccuracy ${percent(before.accuracy)} with the head alone, ${percent(after.accuracy)} fine-tuned; ` +
      `area under the ROC curve ${rocAuc(after).macro.toFixed(3)}`,
  );
  tellThreshold(after);
  for (const { file, label, predicted, probability } of mostWrong(after, 5))
    console.log(`${file}: ${label} taken for ${predicted} (${probability.toFixed(2)})`);

  const phases = [
    { name: 'head', history: first },
    { name: 'fine-tuning', history: second },
  ];
  const charts = {
    training: trainingChart(phases),
    confusion: confusionChart(after),
    roc: rocChart(after),
    'precision-recall': precisionRecallChart(after),
  };
  for (const [name, chart] of Object.entries(charts)) await writeFile(path.join(out, `${name}.png`), await renderPng(chart));
  const report = await writeReport(out, {
    title: 'Cactus or none',
    evaluation: after,
    before,
    history: phases,
    model,
    settings: { ...settings },
    imageOf: ({ file }) => decodeImage(path.join(folder, file)),
  });
  await saveModel(model, path.join(out, 'model'));
  console.log(`\nOpen ${report.html}`);
});

/**
 * The official layout, `train.csv` beside `train/` (or `train/train/`, as the archive unpacks); without a folder, a table over the clothes.
 */
async function listPictures(): Promise<{ files: readonly CsvFile[]; folder: string }> {
  const { data, csv, out, perClass } = settings;
  const [table, folder] = data === '' ? [await writeTable(path.join(out, 'train.csv')), DATA] : [path.join(data, csv), pictureFolder(data)];
  const { files } = await imagesFromCsv(table, {
    pathColumn: 'id',
    labelColumn: 'has_cactus',
    names: { 0: 'none', 1: 'cactus' },
    classNames: NAMES,
    folder,
  });
  const ofClass = (label: number): CsvFile[] => files.filter((file) => file.label === label);
  return { files: perClass === 0 ? files : [0, 1].flatMap((label) => ofClass(label).slice(0, perClass)), folder };
}

function pictureFolder(data: string): string {
  const nested = path.join(data, 'train', 'train');
  return existsSync(nested) ? nested : path.join(data, 'train');
}

/** Trousers are the cacti of the repository: long or short, among dresses, skirts and shirts. */
async function writeTable(file: string): Promise<string> {
  const classes = { dress: 0, longsleeve: 0, skirt: 0, pants: 1, shorts: 1 };
  const rows = ['train', 'validation'].flatMap((side) =>
    Object.entries(classes).flatMap(([name, label]) =>
      readdirSync(path.join(DATA, 'clothing', side, name)).map((picture) => `clothing/${side}/${name}/${picture},${label}`),
    ),
  );
  await writeFile(file, `id,has_cactus\n${rows.join('\n')}\n`);
  return file;
}

/** Half is only one threshold of many: which is best is read off validation photos, and would be judged on a third share. */
function tellThreshold(evaluation: Evaluation): void {
  const { bestThreshold: byF1 } = precisionRecallCurve(evaluation, 'cactus');
  const { bestThreshold: byYouden } = rocCurve(evaluation, 'cactus');
  const { probabilities, labels } = evaluation.predictions;
  for (const [name, threshold] of [
    ['one half', 0.5],
    ['highest F1', byF1],
    ['Youden', byYouden],
  ] as const) {
    const right = labels.reduce((count, label, i) => count + Number(label === Number((probabilities[2 * i + 1] ?? 0) >= threshold)), 0);
    console.log(`Threshold ${threshold.toFixed(3)} (${name}): ${percent(right / labels.length)} right`);
  }
}
