// Question: where is a classifier wrong, why, and can it be trusted?
// Command:  npm run example:report                  (the clothes, Lite0)
//           npm run example:report -- --out DIR     (elsewhere than runs/report)
// Expect:   about 84 % right with its 95 % interval, who is taken for whom, a temperature below 1 (label smoothing leaves a model
//           too modest); runs/report/report.html to open, report.json, predictions.csv, panda.png with the heat of the giant panda.
// Minutes:  about two on two cores, without a GPU.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  classificationReport,
  confidenceInterval,
  confusedPairs,
  decodeImage,
  efficientNet,
  evaluate,
  fitTemperature,
  gradCam,
  imageBatches,
  imageFolder,
  loadWeights,
  modelSummary,
  mostWrong,
  overlayHeat,
  predictionsCsv,
  progressBar,
  selectBackend,
  summaryTable,
  trainHead,
  withTemperature,
  writeReport,
} from 'effnet-ts/node';
import { encodePng } from 'effnet-ts/plots';

const DATA = path.join(import.meta.dirname, '..', 'data');
const {
  values: { out },
} = parseArgs({ options: { out: { type: 'string', default: path.join('runs', 'report') } } });

await selectBackend();
const weights = await readFile(path.join(DATA, 'weights', 'efficientnet-lite0.safetensors'));
const train = await imageFolder(path.join(DATA, 'clothing', 'train'), { inputSize: 224, seed: 1 });
const { classNames } = train;
const folder = path.join(DATA, 'clothing', 'validation');
const validation = await imageFolder(folder, { inputSize: 224, shuffle: false, classNames });

const backbone = efficientNet('lite0');
await loadWeights(backbone, weights);
const photo = await decodeImage(path.join(DATA, 'photos', 'panda.jpg'));
const panda = await encodePng(overlayHeat(photo, await gradCam(backbone, photo, { target: 388 })));

const { model, history } = await trainHead(backbone, {
  classNames,
  epochs: 20,
  seed: 1,
  train: imageBatches(train.images),
  validation: imageBatches(validation.images),
  onProgress: progressBar(),
});
const evaluation = await evaluate(model, validation.images, { onProgress: progressBar() });

console.log(`\n${classificationReport(evaluation)}`);
const { value, low, high } = confidenceInterval(evaluation, 'accuracy');
console.log(`accuracy ${value.toFixed(3)}, 95 % between ${low.toFixed(3)} and ${high.toFixed(3)}`);
for (const { label, predicted, count } of confusedPairs(evaluation, 3))
  console.log(`${count} times a ${label} was taken for a ${predicted}`);
for (const { file, predicted, probability } of mostWrong(evaluation, 3))
  console.log(`${file}: ${predicted} with ${probability.toFixed(2)}`);

// Fitted and judged on the same pictures here, for want of more: on your own data hold some back.
const temperature = fitTemperature(evaluation);
const { ece } = withTemperature(evaluation, temperature).calibration;
console.log(`calibration error ${evaluation.calibration.ece.toFixed(3)}, at temperature ${temperature.toFixed(2)} ${ece.toFixed(3)}`);
console.log(`\n${summaryTable(modelSummary(model, { batchSize: 32 }))}`);

const files = await writeReport(out, {
  title: 'Clothes: EfficientNet-Lite0 with a new head',
  evaluation,
  model,
  history,
  settings: { variant: 'lite0', weights: 'ImageNet', epochs: 20, 'image size': 224, seed: 1 },
  imageOf: ({ file }) => decodeImage(path.join(folder, file)),
  onProgress: progressBar(),
});
await writeFile(path.join(out, 'predictions.csv'), predictionsCsv(evaluation));
await writeFile(path.join(out, 'panda.png'), panda);
console.log(`\nOpen ${files.html}`);
