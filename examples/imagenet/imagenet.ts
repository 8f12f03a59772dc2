// Question: how is a network trained on ImageNet, from TFRecords to top-1 and top-5?
// Command:  npm run example:imagenet                               (records made of the images in the repository; ImageNet weights)
//           npm run example:imagenet -- --data path/to/tfrecords   (the records of ImageNet; random weights)
// The README beside this file compares every setting with the source, and says what to expect.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  accuracy,
  augment,
  checkpoint,
  checkpointFile,
  classActivationMap,
  colorJitter,
  decodeImage,
  evalTransform,
  evaluate,
  fineTune,
  imageBatches,
  loadModel,
  overlayHeat,
  pcaLighting,
  progressBar,
  randomAffine,
  randomFlip,
  randomResizedCrop,
  recordImages,
  sequence,
  setClassNames,
  sgd,
  softmaxCrossEntropy,
  tensorBoard,
  topK,
  unfreezeExceptBatchNorm,
  warmupCosine,
  writeReport,
  type Dataset,
  type LabeledImage,
  type Pixels,
} from 'effnet-ts/node';
import { IMAGENET_CLASS_NAMES } from 'effnet-ts/imagenet';
import { compareCams, imageDataUrl, imageGrid, scheduleChart, trainingChart, type GridImage, type NamedModel } from 'effnet-ts/plots';
import { drawCharts, drawSamples, saveResult } from '../shared/draw.js';
import { interruption, runExample } from '../shared/run.js';
import { DATA, readSettings } from '../shared/settings.js';
import { percent, printEpochs, showData, showModel, showTrainable } from '../shared/show.js';
import { loadBackbone, mixBatches, startWorkers } from '../shared/startup.js';
import { checkSettings } from './checkSettings.js';
import { buildNetwork, scaledInputSize } from './network.js';
import { readRecords, writeRecords } from './records.js';
import { AFFINE, COLORS, CROP, LIGHTING, LOSS, OPTIMIZER, SETTINGS } from './settings.js';

const settings = readSettings('example:imagenet', SETTINGS);

await runExample(async () => {
  checkSettings(settings);
  const { out, batchSize, epochs, learningRate, warmupSteps, seed, scaling } = settings;
  const inputSize = scaledInputSize(settings);
  const signal = interruption();
  await mkdir(out, { recursive: true });

  // The records of ImageNet, or those that are made of the images in the repository.
  const { folder, classNames } =
    settings.data === ''
      ? await writeRecords(path.join(DATA, 'clothing'), settings)
      : { folder: settings.data, classNames: IMAGENET_CLASS_NAMES };
  const train = await readRecords('train', { ...settings, data: folder });
  const validation = await readRecords('validation', { ...settings, data: folder });

  // Images as the network sees them: augmented at random in training, resized and cropped at the center in evaluation.
  const workers = startWorkers(settings);
  const reading = { classes: classNames.length, workers };
  const augmentation = sequence(
    randomResizedCrop(inputSize, CROP),
    randomFlip(),
    randomAffine(AFFINE),
    colorJitter({ ...COLORS, brightness: COLORS.brightness / 255 }),
    pcaLighting(LIGHTING),
  );
  const evaluation = evalTransform('imagenet', inputSize);
  console.log(`In training:   ${augmentation.describe()}\nIn evaluation: ${evaluation.describe()}`);
  const toTrain = (): Dataset<LabeledImage> =>
    augment(recordImages(train.shuffle(settings.shuffle, { seed }), reading), augmentation, { seed, workers });
  const toEvaluate = (): Dataset<LabeledImage> => augment(recordImages(validation, reading), evaluation, { workers });
  const batches = mixBatches(imageBatches(toTrain(), { batchSize, dropRemainder: true }), settings);
  const stepsPerEpoch = Math.floor(settings.images / batchSize);
  await drawSamples(path.join(out, 'samples.png'), toTrain(), classNames);

  const totalSteps = epochs * stepsPerEpoch;
  const schedule = warmupCosine({ maxLearningRate: learningRate, warmupSteps, totalSteps });
  await drawCharts(out, { schedule: scheduleChart(schedule, totalSteps, { stepsPerEpoch }) });

  const model = await buildNetwork(settings, classNames);
  await showData('Training', settings.images, classNames.length, imageBatches(toTrain(), { batchSize }), stepsPerEpoch);
  showModel(model, batchSize);
  if (settings.start === 'imagenet') unfreezeExceptBatchNorm(model);
  await showTrainable(model, path.join(out, 'layers.txt'));

  const history = await fineTune(model, {
    train: batches.prefetch(2),
    validation: imageBatches(toEvaluate(), { batchSize }),
    stepsPerEpoch,
    stages: [{ unfreeze: 'all', epochs, learningRate: schedule, batchNorm: settings.start === 'random' ? 'trained' : 'frozen' }],
    loss: softmaxCrossEntropy(LOSS),
    metrics: [accuracy(), topK(5)],
    optimizer: () => sgd(OPTIMIZER),
    callbacks: [
      printEpochs('imagenet'),
      tensorBoard(path.join(out, 'tensorboard'), { updateEverySteps: 100, hyperParameters: { learningRate, epochs, batchSize } }),
      checkpoint(path.join(out, 'epoch-{epoch}.safetensors'), settings.keepCheckpoints === 0 ? {} : { keepLast: settings.keepCheckpoints }),
    ],
    store: checkpointFile(path.join(out, 'run.safetensors')),
    checkpointEverySteps: 500,
    onProgress: progressBar(),
    signal,
  });

  const result = await evaluate(model, toEvaluate(), { onProgress: progressBar() });
  console.log(`\nTop-1 ${percent(result.accuracy)}, top-5 ${percent(result.topK[5] ?? NaN)} of ${result.count} images`);
  await drawCharts(out, {
    training: trainingChart(history),
    activation: await activationGrid(model, toEvaluate().take(8), classNames, inputSize),
    scalings: await scalingComparison(model, await firstImage(recordImages(validation, reading)), inputSize),
  });
  const report = await writeReport(out, {
    title: `ImageNet: ${settings.variant}, ${scaling}`,
    evaluation: result,
    model,
    settings: { ...settings },
    history,
  });
  await saveResult(model, out);
  await workers?.dispose();
  console.log(`Open ${report.html}; samples.png, schedule.png, training.png, activation.png and scalings.png are beside it.`);
});

/** Shows which parts of an image raise the score of its class: the last feature map, weighted by the classifier. */
async function activationGrid(
  model: LayersModel,
  images: Dataset<LabeledImage>,
  classNames: readonly string[],
  inputSize: number,
): Promise<object> {
  const cells: GridImage[] = [];
  for await (const { pixels, label } of images) {
    // The images of the dataset already have the size of the input.
    const heat = await classActivationMap(model, pixels, { preprocessing: { inputSize, fit: 'stretch' } });
    const truth = (label as Float32Array).indexOf(1);
    cells.push({
      url: await imageDataUrl(overlayHeat(pixels, heat)),
      title: `predicted ${classNames[heat.classIndex] ?? ''} ${heat.probability.toFixed(2)}\ntrue ${classNames[truth] ?? ''}`,
      correct: heat.classIndex === truth,
    });
  }
  return imageGrid(cells, { size: 240 });
}

/** Compares the activation maps of networks of several scalings for one image, as figure 7 of the EfficientNet paper does. */
async function scalingComparison(model: LayersModel, image: Pixels, inputSize: number): Promise<object> {
  const networks: NamedModel[] = [];
  for (const folder of settings.compare.split(',').filter((name) => name !== ''))
    networks.push({ name: path.basename(folder), model: await loadModel(path.join(folder, 'model')) });
  // Without other runs, the ImageNet weights at hand show what resolution and training change.
  if (settings.compare === '' && settings.start === 'imagenet') {
    for (const size of [settings.inputSize, 2 * settings.inputSize]) {
      const untrained = await loadBackbone({ ...settings, inputSize: size });
      setClassNames(untrained, IMAGENET_CLASS_NAMES);
      networks.push({ name: `ImageNet weights, ${size} px`, model: untrained });
    }
  }
  const chart = await compareCams(image, [...networks, { name: `${settings.scaling}, ${inputSize} px`, model }], { size: 240 });
  for (const network of networks) network.model.dispose();
  return chart;
}

async function firstImage(images: Dataset<LabeledImage>): Promise<Pixels> {
  const [first] = await images.take(1).toArray();
  return first?.pixels ?? decodeImage(path.join(DATA, 'photos', 'panda.jpg'));
}
