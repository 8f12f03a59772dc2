// Question: which finding does an X-ray show, and do several networks, each trained on other folds, find it more often than one?
// Command:  npm run example:xray-findings                                (three kinds of clothes stand in for findings)
//           npm run example:xray-findings -- --data path/to/vinbigdata
// The README in this folder compares every setting with the article, and has the expected output and the run times.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  augment,
  checkpoint,
  checkpointFile,
  classificationReport,
  colorJitter,
  compareEvaluations,
  confusionTable,
  contactSheet,
  decodeImage,
  evaluate,
  evaluatePredictions,
  fineTune,
  imageBatches,
  imageFiles,
  kFold,
  mostWrong,
  progressBar,
  randomAffine,
  randomFlip,
  replaceHead,
  resizing,
  resume,
  rmsProp,
  selectBackend,
  sequence,
  tensorBoard,
  trainHead,
  trainValidationSplit,
  writeReport,
  type CsvFile,
  type Dataset,
  type EpochMetrics,
  type Evaluation,
  type ImageBatch,
  type LabeledImage,
  type PredictionRow,
} from 'effnet-ts/node';
import { createRuntime } from 'effnet-ts/onnx';
import { confusionChart, trainingChart } from 'effnet-ts/plots';
import { drawCharts, drawPredictions, drawSamples, randomPredictions, saveResult } from '../shared/draw.js';
import { interruption, runExample } from '../shared/run.js';
import { readSettings } from '../shared/settings.js';
import { percent, printEpochs, showData, showModel, showTrainable } from '../shared/show.js';
import { loadBackbone, mixBatches, startWorkers } from '../shared/startup.js';
import { AUGMENTATION, HEAD, OPTIMIZER, SETTINGS } from './settings.js';
import { readFindings } from './table.js';

const settings = readSettings('example:xray-findings', SETTINGS);

interface Trained {
  readonly model: LayersModel;
  readonly history: readonly EpochMetrics[];
}

await runExample(async () => {
  const { out, seed, folds, inputSize, batchSize } = settings;
  const frozen = settings.unfreezeFrom === 'none';
  const signal = interruption(!frozen);
  const workers = startWorkers(settings);
  await mkdir(out, { recursive: true });
  await selectBackend(settings.backend.split(','), { gradients: true });

  // The table, and a fifth of its images for validation. Splits keep the share of each finding, and the images of a patient together.
  const { classNames, files } = await readFindings(settings);
  const split = { seed, stratifyBy: ({ label }: CsvFile) => label, groupBy: ({ group, origin }: CsvFile) => group ?? origin };
  const { train, validation: held } = trainValidationSplit(files, settings.validationShare, split);

  // Images as Keras' ImageDataGenerator augments them. The model itself scales their values.
  const reading = { inputSize, classes: classNames.length, ...(workers === undefined ? {} : { workers }) };
  const augmentation = sequence(
    resizing(inputSize),
    ...(settings.augment > 0 ? [randomAffine(AUGMENTATION), randomFlip()] : []),
    ...(settings.jitter > 0 ? [colorJitter({ brightness: settings.jitter, contrast: settings.jitter })] : []),
  );
  const augmented = (list: readonly CsvFile[]): Dataset<LabeledImage> => {
    const images = imageFiles(list, { ...reading, seed });
    const changed = settings.augment > 0 || settings.jitter > 0;
    return changed ? augment(images, augmentation, { seed, ...(workers === undefined ? {} : { workers }) }) : images;
  };
  const plain = (list: readonly CsvFile[]): Dataset<LabeledImage> => imageFiles(list, { ...reading, shuffle: false });
  const trainingBatches = (list: readonly CsvFile[]): Dataset<ImageBatch> =>
    mixBatches(imageBatches(augmented(list), { batchSize }), settings).prefetch(2);
  const validationBatches = (list: readonly CsvFile[]): Dataset<ImageBatch> => imageBatches(plain(list), { batchSize });
  await showData('Training', train.length, classNames.length, trainingBatches(train));
  await showData('Validation', held.length, classNames.length, validationBatches(held));
  console.log(`Each training image: ${augmentation.describe()}\n`);
  await contactSheet(await decodeImage((train[0] as CsvFile).path), augmentation, path.join(out, 'augmentation.png'), {
    columns: 6,
    rows: 2,
  });
  await drawSamples(path.join(out, 'samples.png'), augmented(train), classNames);

  const learn = async (name: string, own: readonly CsvFile[], validation: readonly CsvFile[]): Promise<Trained> => {
    const data = { train: trainingBatches(own), validation: validationBatches(validation) };
    const watch = { callbacks: [printEpochs(name), tensorBoard(path.join(out, 'tensorboard', name))], onProgress: progressBar(), signal };
    const optimizer = () => rmsProp({ ...OPTIMIZER, learningRate: settings.learningRate });
    const backbone = await loadBackbone(settings);
    // With a frozen network only its features are needed. ONNX Runtime computes them, in every epoch if images are augmented.
    if (frozen) {
      const { epochs } = settings;
      return trainHead(backbone, {
        ...data,
        ...watch,
        ...HEAD,
        classNames,
        optimizer,
        epochs,
        batchSize,
        seed,
        // As in Keras: the features themselves, without a penalty.
        normalizeFeatures: false,
        l2: 0,
        runtime: createRuntime,
      });
    }
    const model = replaceHead(backbone, { ...HEAD, classes: classNames.length, classNames, seed });
    const best = path.join(out, `${name}-best.safetensors`);
    const history = await fineTune(model, {
      ...data,
      ...watch,
      callbacks: [...watch.callbacks, checkpoint(best, { monitor: 'val_loss', saveBestOnly: true, saveWeightsOnly: true })],
      stages: [{ unfreeze: { from: settings.unfreezeFrom }, epochs: settings.epochs }],
      optimizer,
      runtime: createRuntime,
      store: checkpointFile(path.join(out, `${name}.safetensors`)),
    });
    // One network alone has no other images to choose its best epoch by than those it is measured on.
    if (folds > 1) await resume(model, best);
    return { model, history };
  };

  // One network per fold. A single network trains on all training images.
  const parts = folds > 1 ? kFold(train, folds, split) : [{ train, validation: held }];
  const members: Evaluation[] = [];
  const histories: (readonly EpochMetrics[])[] = [];
  for (const [fold, part] of parts.entries()) {
    const { model, history } = await learn(`fold-${fold + 1}`, part.train, part.validation);
    if (fold === 0) {
      showModel(model, batchSize);
      await showTrainable(model, path.join(out, 'layers.txt'));
    }
    const runtime = await createRuntime(model);
    const evaluation = await evaluate(runtime, plain(held), { batchSize, onProgress: progressBar() });
    console.log(`Network ${fold + 1} of ${folds}: ${percent(evaluation.accuracy)} of the validation images correct\n`);
    members.push(evaluation);
    histories.push(history);
    await saveResult(model, out, `model-${fold + 1}`);
    await runtime.dispose();
    model.dispose();
  }
  await workers?.dispose();

  // Confusion matrix, precision, recall and F1 of all networks together.
  const [one] = members as [Evaluation];
  const evaluation = folds > 1 ? average(members, held) : one;
  console.log(`${classificationReport(evaluation)}\n\n${confusionTable(evaluation)}\n`);
  if (folds > 1) {
    console.log(
      `One network: ${percent(one.accuracy)}, macro F1 ${one.macro.f1.toFixed(3)}. All ${folds} together: ` +
        `${percent(evaluation.accuracy)}, macro F1 ${evaluation.macro.f1.toFixed(3)}.`,
    );
    console.log(`The difference has p = ${compareEvaluations(one, evaluation).pValue.toPrecision(2)} (McNemar).`);
  }
  const paths = new Map(held.map((file) => [file.origin, file.path]));
  const imageOf = ({ file }: PredictionRow): ReturnType<typeof decodeImage> => decodeImage(paths.get(file) ?? file);
  await drawPredictions(path.join(out, 'predictions.png'), await randomPredictions(evaluation, 12, seed), imageOf);
  await drawPredictions(path.join(out, 'most-wrong.png'), mostWrong(evaluation, 12), imageOf);
  await drawCharts(out, { confusion: confusionChart(evaluation), curves: trainingChart(histories[0] ?? []) });
  const report = await writeReport(out, {
    title: folds > 1 ? `Findings: ${folds} networks together` : 'Findings',
    evaluation,
    history: histories[0] ?? [],
    settings: { ...settings },
    imageOf,
    ...(folds > 1 ? { before: one } : {}),
  });
  console.log(`\nOpen ${report.html}`);
});

/** The mean of the networks' probabilities. */
function average(members: readonly Evaluation[], files: readonly CsvFile[]): Evaluation {
  const [{ classNames, predictions }] = members as [Evaluation];
  const mean = predictions.probabilities.map(
    (_, i) => members.reduce((sum, member) => sum + (member.predictions.probabilities[i] ?? 0), 0) / members.length,
  );
  return evaluatePredictions(mean, predictions.labels, { classNames, files: files.map(({ origin }) => origin) });
}
