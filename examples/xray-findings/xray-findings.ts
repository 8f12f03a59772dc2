// Question: which finding does a picture of a table show, and do several networks, each trained on other folds, know it better than one?
// Command:  npm run example:xray-findings                                (three kinds of clothes stand in for findings)
//           npm run example:xray-findings -- --data path/to/chest-xrays --variant b6
// The README beside this file has the figures, the minutes and what to change.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  augment,
  checkpoint,
  classificationReport,
  compareEvaluations,
  confusionTable,
  contactSheet,
  decodeImage,
  evaluate,
  evaluatePredictions,
  fineTune,
  imageBatches,
  imageFiles,
  imagesFromCsv,
  kFold,
  progressBar,
  replaceHead,
  resume,
  rmsProp,
  saveModel,
  tensorBoard,
  trainAugmentation,
  trainValidationSplit,
  writeReport,
  type CsvFile,
  type Evaluation,
} from 'effnet-ts/node';
import { confusionChart, renderPng } from 'effnet-ts/plots';
import { interruption, runExample } from '../shared/run.js';
import { DATA, readSettings, type CommonSettings } from '../shared/settings.js';
import { percent, printEpochs } from '../shared/show.js';
import { loadBackbone } from '../shared/startup.js';

interface Settings extends CommonSettings {
  /** The table, its columns and what separates several findings of one picture; such pictures are left out. */
  readonly csv: string;
  readonly pathColumn: string;
  readonly labelColumn: string;
  /** Rows of one group (a patient) stay on one side of every split. */
  readonly groupColumn: string;
  /** The findings to tell apart, with commas; empty is all. */
  readonly classes: string;
  readonly inputSize: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly rate: number;
  /** The first part that trains. */
  readonly unfreezeFrom: string;
  /** Networks of the ensemble; 1 is none. */
  readonly folds: number;
}

const settings = readSettings<Settings>('example:xray-findings', {
  full: {
    data: '',
    csv: 'Data_Entry_2017.csv',
    pathColumn: 'Image Index',
    labelColumn: 'Finding Labels',
    groupColumn: 'Patient ID',
    classes: 'No Finding,Effusion,Pneumothorax',
    variant: 'b6',
    weights: '',
    backend: 'wasm',
    workers: 0,
    mixup: 0,
    cutmix: 0,
    seed: 42,
    out: path.join('runs', 'xray-findings'),
    inputSize: 528,
    batchSize: 32,
    epochs: 30,
    rate: 2e-5,
    unfreezeFrom: 'stem',
    folds: 5,
  },
  repository: {
    csv: 'findings.csv',
    pathColumn: 'file',
    labelColumn: 'finding',
    groupColumn: '',
    classes: '',
    variant: 'lite0',
    inputSize: 96,
    batchSize: 16,
    epochs: 5,
    rate: 3e-4,
    unfreezeFrom: 'block7a',
    folds: 3,
  },
  quick: { inputSize: 64, epochs: 2, rate: 5e-4, folds: 2, unfreezeFrom: 'top' },
});

await runExample(async () => {
  const { out, seed, folds, inputSize } = settings;
  const signal = interruption();
  await mkdir(out, { recursive: true });
  const { classNames, files } = await listPictures();
  const grouping = {
    seed,
    stratifyBy: ({ label }: CsvFile) => label,
    ...(settings.groupColumn === '' ? {} : { groupBy: ({ group = '' }: CsvFile) => group }),
  };
  const { train, validation: held } = trainValidationSplit(files, 0.2, grouping);
  console.log(`${train.length} pictures to learn ${classNames.join(', ')} from, ${held.length} held out (a fifth, seed ${seed})`);
  const recipe = trainAugmentation('xray', inputSize);
  console.log(`Each picture in training: ${recipe.describe()}`);
  await contactSheet(await decodeImage((train[0] as CsvFile).path), recipe, path.join(out, 'augmentation.png'), { columns: 6, rows: 2 });

  const reading = { inputSize, classes: classNames.length };
  const learn = async (name: string, own: readonly CsvFile[], validation: readonly CsvFile[]): Promise<LayersModel> => {
    // Without top, global max pooling, dropout: RMSProp in Keras' form, and no rescaling beside the model's own.
    const model = replaceHead(await loadBackbone(settings), {
      classes: classNames.length,
      classNames,
      pooling: 'max',
      dropoutRate: 0.2,
      seed,
    });
    await fineTune(model, {
      train: imageBatches(augment(imageFiles(own, { ...reading, seed }), recipe, { seed }), { batchSize: settings.batchSize }).prefetch(2),
      validation: imageBatches(imageFiles(validation, { ...reading, shuffle: false }), { batchSize: settings.batchSize }),
      stages: [{ unfreeze: { from: settings.unfreezeFrom }, epochs: settings.epochs, learningRate: settings.rate }],
      optimizer: () => rmsProp(),
      callbacks: [
        printEpochs(name),
        tensorBoard(path.join(out, 'tensorboard', name)),
        checkpoint(path.join(out, `${name}-best.safetensors`), { monitor: 'val_loss', saveBestOnly: true, saveWeightsOnly: true }),
      ],
      onProgress: progressBar(),
      signal,
    });
    await resume(model, path.join(out, `${name}-best.safetensors`));
    return model;
  };
  const measure = (model: LayersModel): Promise<Evaluation> =>
    evaluate(model, imageFiles(held, { ...reading, shuffle: false }), { onProgress: progressBar() });

  const members: Evaluation[] = [];
  let model: LayersModel | undefined;
  for (const [fold, { train: own, validation }] of (folds > 1 ? kFold(train, folds, grouping) : [{ train, validation: held }]).entries()) {
    model?.dispose();
    model = await learn(`fold-${fold + 1}`, own, validation);
    const evaluation = await measure(model);
    members.push(evaluation);
    await saveModel(model, path.join(out, `model-${fold + 1}`));
    console.log(`Network ${fold + 1} of ${folds}: ${percent(evaluation.accuracy)} of the pictures held out\n`);
  }
  const [one] = members as [Evaluation];
  const ensemble = together(
    members,
    held.map(({ origin }) => origin),
  );

  console.log(`${classificationReport(ensemble)}\n\n${confusionTable(ensemble)}\n`);
  console.log(
    `One network: ${percent(one.accuracy)}, macro F1 ${one.macro.f1.toFixed(3)}. All ${folds} together: ` +
      `${percent(ensemble.accuracy)}, macro F1 ${ensemble.macro.f1.toFixed(3)}.`,
  );
  const { pValue } = compareEvaluations(one, ensemble);
  console.log(`That difference has p = ${pValue.toPrecision(2)} (McNemar).`);
  await writeFile(path.join(out, 'confusion.png'), await renderPng(confusionChart(ensemble)));
  const byName = new Map(held.map((file) => [file.origin, file.path]));
  const report = await writeReport(out, {
    title: `Findings: ${folds} networks together`,
    evaluation: ensemble,
    before: one,
    settings: { ...settings },
    imageOf: ({ file }) => decodeImage(byName.get(file) ?? file),
  });
  console.log(`\nOpen ${report.html}`);
  model?.dispose();
});

/** The mean of the members' probabilities. */
function together(members: readonly Evaluation[], files: readonly string[]): Evaluation {
  const [{ classNames, predictions }] = members as [Evaluation];
  const mean = predictions.probabilities.map(
    (_, i) => members.reduce((sum, member) => sum + (member.predictions.probabilities[i] ?? 0), 0) / members.length,
  );
  return evaluatePredictions(mean, predictions.labels, { classNames, files });
}

/**
 * NIH ChestX-ray14's table beside `images_001/images/` to `images_012/images/`, as its archives unpack, or beside `images/`; or any other
 * table. Without a folder, a table over the clothes.
 */
async function listPictures(): Promise<{ classNames: readonly string[]; files: readonly CsvFile[] }> {
  const { data, csv, out, pathColumn, labelColumn, groupColumn } = settings;
  const [table, folder] = data === '' ? [await writeTable(path.join(out, csv)), DATA] : [path.join(data, csv), pictureFolders(data)];
  const { classNames, files, missing } = await imagesFromCsv(table, {
    pathColumn,
    labelColumn,
    folder,
    labelSeparator: '|',
    multiLabel: true,
    missing: 'skip',
    ...(groupColumn === '' ? {} : { groupColumn }),
  });
  if (missing.length > 0) console.log(`${missing.length} pictures of the table are not there, for example ${String(missing[0])}`);
  const wanted = settings.classes === '' ? classNames : settings.classes.split(',');
  const single = files
    .filter(({ labels }) => labels.length === 1)
    .map((file) => ({ ...file, label: wanted.indexOf(classNames[file.label] ?? '') }));
  return { classNames: wanted, files: single.filter(({ label }) => label >= 0) };
}

function pictureFolders(data: string): string | string[] {
  const parts = readdirSync(data)
    .filter((name) => /^images_\d+$/.test(name))
    .map((name) => path.join(data, name, 'images'));
  const images = path.join(data, 'images');
  return parts.length > 0 ? parts : existsSync(images) ? images : data;
}

async function writeTable(file: string): Promise<string> {
  const rows = ['train', 'validation'].flatMap((side) =>
    ['dress', 'pants', 'shirt'].flatMap((finding) =>
      readdirSync(path.join(DATA, 'clothing', side, finding)).map((picture) => `clothing/${side}/${finding}/${picture},${finding}`),
    ),
  );
  await writeFile(file, `file,finding\n${rows.join('\n')}\n`);
  return file;
}
