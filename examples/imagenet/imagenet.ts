// Question: how is a network trained on ImageNet, from TFRecords to top-1 and top-5?
// Command:  npm run example:imagenet                               (records written from the clothes; starts from ImageNet weights)
//           npm run example:imagenet -- --data path/to/tfrecords   (the official records; starts from random weights)
// The README beside this file has the figures, the minutes and what to change.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  accuracy,
  augment,
  checkpoint,
  checkpointFile,
  classActivationMap,
  Dataset,
  decodeImage,
  efficientNet,
  evalTransform,
  evaluate,
  fineTune,
  imageBatches,
  imageFolder,
  modelSummary,
  overlayHeat,
  progressBar,
  RECORD_SCHEMAS,
  recordImages,
  replaceHead,
  selectBackend,
  setClassNames,
  sgd,
  softmaxCrossEntropy,
  summaryTable,
  tensorBoard,
  tfrecordDataset,
  topK,
  trainAugmentation,
  warmupCosine,
  writeReport,
  writeTFRecords,
  type LabeledImage,
  type RecordOf,
  type Variant,
} from 'effnet-ts/node';
import { IMAGENET_CLASS_NAMES } from 'effnet-ts/imagenet';
import { imageDataUrl, imageGrid, renderPng, scheduleChart, type GridImage } from 'effnet-ts/plots';
import { interruption, runExample } from '../shared/run.js';
import { DATA, readSettings, type CommonSettings } from '../shared/settings.js';
import { percent, printEpochs } from '../shared/show.js';
import { loadBackbone } from '../shared/startup.js';

interface Settings extends CommonSettings {
  /** 'random' trains everything, BatchNormalization too; 'imagenet' starts from published weights and keeps their statistics. */
  readonly start: string;
  readonly inputSize: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly peak: number;
  readonly warmupSteps: number;
  /** Records the order is drawn from. */
  readonly shuffle: number;
  /** Records in training, which the schedule must know. */
  readonly images: number;
  readonly shards: number;
  /** Pictures of each class, at most; 0 is all. Of the repository's pictures alone. */
  readonly perClass: number;
}

const settings = readSettings<Settings>('example:imagenet', {
  full: {
    data: '',
    variant: 'b0',
    weights: '',
    backend: 'wasm',
    workers: 0,
    mixup: 0,
    cutmix: 0,
    seed: 1,
    out: path.join('runs', 'imagenet'),
    start: 'random',
    inputSize: 224,
    batchSize: 64,
    epochs: 60,
    peak: 0.02,
    warmupSteps: 1000,
    shuffle: 10_000,
    images: 1_281_167,
    shards: 8,
    perClass: 0,
  },
  repository: {
    variant: 'lite0',
    start: 'imagenet',
    inputSize: 96,
    batchSize: 32,
    epochs: 5,
    peak: 0.002,
    warmupSteps: 15,
    shuffle: 600,
    images: 600,
  },
  quick: { inputSize: 64, batchSize: 16, epochs: 2, warmupSteps: 3, images: 80, perClass: 8, shards: 2 },
});

type ImageNetRecord = RecordOf<typeof RECORD_SCHEMAS.imagenet>;

await runExample(async () => {
  const { out, inputSize, batchSize, epochs, peak, warmupSteps, seed } = settings;
  const signal = interruption();
  await mkdir(out, { recursive: true });
  const { folder, classNames } = settings.data === '' ? await writeShards() : { folder: settings.data, classNames: IMAGENET_CLASS_NAMES };
  const read = async (side: string): Promise<Dataset<ImageNetRecord & { readonly origin: string }>> =>
    tfrecordDataset([`${folder}/${side}-*`, `${folder}/${side}/${side}-*`], RECORD_SCHEMAS.imagenet);
  const [train, validation] = [await read('train'), await read('validation')];

  const recipe = trainAugmentation('imagenet', inputSize);
  console.log(`In training:   ${recipe.describe()}\nIn evaluation: ${evalTransform('imagenet', inputSize).describe()}`);
  const reading = { classes: classNames.length };
  const toEvaluate = (): Dataset<LabeledImage> => augment(recordImages(validation, reading), evalTransform('imagenet', inputSize));

  const stepsPerEpoch = Math.floor(settings.images / batchSize);
  const schedule = warmupCosine({ maxLearningRate: peak, warmupSteps, totalSteps: epochs * stepsPerEpoch });
  await writeFile(path.join(out, 'schedule.png'), await renderPng(scheduleChart(schedule, epochs * stepsPerEpoch, { stepsPerEpoch })));

  const model = await build(classNames);
  console.log(`\n${summaryTable(modelSummary(model, { batchSize }))}\n`);
  const history = await fineTune(model, {
    train: imageBatches(augment(recordImages(train.shuffle(settings.shuffle, { seed }), reading), recipe, { seed }), {
      batchSize,
      dropRemainder: true,
    }).prefetch(2),
    validation: imageBatches(toEvaluate(), { batchSize }),
    stepsPerEpoch,
    stages: [{ unfreeze: 'all', epochs, learningRate: schedule, batchNorm: settings.start === 'random' ? 'trained' : 'frozen' }],
    loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }),
    metrics: [accuracy(), topK(5)],
    optimizer: () => sgd({ momentum: 0.9, weightDecay: 1e-5, weightDecayMode: 'coupled' }),
    callbacks: [
      printEpochs('imagenet'),
      tensorBoard(path.join(out, 'tensorboard'), { updateEverySteps: 100, hyperParameters: { peak, epochs, batchSize } }),
      checkpoint(path.join(out, 'epoch-{epoch}.safetensors'), { keepLast: 3 }),
    ],
    store: checkpointFile(path.join(out, 'run.safetensors')),
    checkpointEverySteps: 500,
    onProgress: progressBar(),
    signal,
  });

  const evaluation = await evaluate(model, toEvaluate(), { onProgress: progressBar() });
  console.log(`\nTop-1 ${percent(evaluation.accuracy)}, top-5 ${percent(evaluation.topK[5] ?? NaN)} of ${evaluation.count} pictures`);
  await drawActivation(model, toEvaluate().take(8), classNames);
  const report = await writeReport(out, {
    title: `ImageNet recipe: ${settings.variant}`,
    evaluation,
    model,
    settings: { ...settings },
    history,
  });
  console.log(`Open ${report.html}, ${path.join(out, 'schedule.png')} and ${path.join(out, 'activation.png')}`);
});

async function build(classNames: readonly string[]): Promise<LayersModel> {
  const { variant, inputSize, start, seed, backend } = settings;
  if (start !== 'random')
    return replaceHead(await loadBackbone(settings), { classes: classNames.length, classNames, dropoutRate: 0.2, seed });
  await selectBackend(backend.split(','), { gradients: true });
  const model = efficientNet(variant as Variant, { inputSize, classes: classNames.length, seed });
  setClassNames(model, classNames);
  return model;
}

/** The clothes as ImageNet's records: the encoded picture, a label from 1, class text and file name. */
async function writeShards(): Promise<{ folder: string; classNames: readonly string[] }> {
  const folder = path.join(settings.out, 'records');
  let names: readonly string[] | undefined;
  for (const side of ['train', 'validation']) {
    const { files, classNames } = await imageFolder(path.join(DATA, 'clothing', side), names === undefined ? {} : { classNames: names });
    names = classNames;
    const seen = classNames.map(() => 0);
    const few = settings.perClass === 0 ? files : files.filter(({ label }) => (seen[label] = (seen[label] ?? 0) + 1) <= settings.perClass);
    const records = Dataset.from(few)
      .shuffle(few.length, { seed: settings.seed })
      .map(async ({ path: file, origin, label }): Promise<ImageNetRecord> => {
        const image = await readFile(file);
        const { width, height } = await decodeImage(image);
        return {
          image,
          label,
          width,
          height,
          channels: 3,
          colorspace: 'RGB',
          format: 'JPEG',
          filename: origin,
          text: classNames[label] ?? '',
          synset: '',
          boxXMin: [],
          boxXMax: [],
          boxYMin: [],
          boxYMax: [],
        };
      });
    const shards = await writeTFRecords(records, RECORD_SCHEMAS.imagenet, path.join(folder, side), { shards: settings.shards });
    console.log(`${few.length} records in ${shards.length} shards ${path.join(folder, side)}-*`);
  }
  return { folder, classNames: names ?? [] };
}

/** Which parts of a picture speak for its class: the last feature map, weighted by the classifier. */
async function drawActivation(model: LayersModel, images: Dataset<LabeledImage>, classNames: readonly string[]): Promise<void> {
  const cells: GridImage[] = [];
  for await (const { pixels, label } of images) {
    // The dataset has resized and cropped already.
    const heat = await classActivationMap(model, pixels, { preprocessing: { inputSize: settings.inputSize, fit: 'stretch' } });
    const right = (label as Float32Array)[heat.classIndex] === 1;
    cells.push({
      url: await imageDataUrl(overlayHeat(pixels, heat)),
      title: `${classNames[heat.classIndex] ?? ''} ${heat.probability.toFixed(2)}`,
      correct: right,
    });
  }
  await writeFile(path.join(settings.out, 'activation.png'), await renderPng(imageGrid(cells)));
}
