// Question: what do ImageNet weights know, and how soon do they learn something new?
// Command:  npm run quickstart                    (a panda named, ten kinds of clothes learned)
//           npm run quickstart -- --data photos   (your own pictures, one sub-folder a class)
// Expect:   giant panda with more than 0.9; about 84 % of unseen clothes right; a model saved to runs/quickstart.
// Time:     half a minute on two cores with onnxruntime-node, otherwise a minute and a half.

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  classify,
  confusionTable,
  decodeImage,
  efficientNet,
  evaluate,
  imageBatches,
  imageFolder,
  isEffnetError,
  loadModel,
  loadWeights,
  planOf,
  predictionsTable,
  progressBar,
  saveModel,
  selectBackend,
  setClassNames,
  trainHead,
  VARIANTS,
  type ImageSet,
  type Variant,
} from 'effnet-ts/node';
import { inRuntime, runtimeIfInstalled } from '../shared/runtime.js';

const DATA = path.join(import.meta.dirname, '..', 'data');

const HELP = `npm run quickstart -- [options]

  --data DIR         pictures in one sub-folder a class, or train/ and validation/ of such  (the clothes)
  --variant NAME     ${Object.keys(VARIANTS).slice(0, 3).join(', ')}, ..., lite0, ...       (lite0)
  --weights FILE     weights of that variant, any layout                                    (Lite0's, ImageNet)
  --epochs N         passes over the features                                               (20)
  --input-size N     height and width in pixels                                             (the variant's)
  --seed N           decides the order, the dropout and a split                             (1)
  --out DIR          where the model is saved                                               (runs/quickstart)
  --help             this text`;

function readOptions() {
  try {
    return parseArgs({
      options: {
        data: { type: 'string', default: path.join(DATA, 'clothing') },
        variant: { type: 'string', default: 'lite0' },
        weights: { type: 'string' },
        epochs: { type: 'string', default: '20' },
        'image-size': { type: 'string' },
        seed: { type: 'string', default: '1' },
        out: { type: 'string', default: path.join('runs', 'quickstart') },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(1);
  }
}

const options = readOptions();

async function main(): Promise<void> {
  if (options.help) {
    console.log(HELP);
    return;
  }
  const epochs = whole('epochs', options.epochs);
  const seed = whole('seed', options.seed);
  const { backend } = await selectBackend();
  console.log(`Backend: ${backend}\n`);

  const backbone = await loadBackbone();
  const [size] = planOf(backbone).inputShape;
  await namePanda(backbone);

  const { classNames, train, validation } = await openPictures(options.data, size ?? 224, seed);
  console.log(
    `\n${train.files.length} pictures to learn ${classNames.length} classes from, ${validation.files.length} to measure on: ` +
      classNames.join(', '),
  );
  const { model } = await trainHead(backbone, {
    classNames,
    epochs,
    seed,
    train: imageBatches(train.images),
    validation: imageBatches(validation.images),
    runtime: await runtimeIfInstalled(),
    onProgress: progressBar(),
    onEpoch: ({ epoch, loss, accuracy = 0, val_loss = 0, val_accuracy = 0 }) => {
      console.log(
        `epoch ${String(epoch + 1).padStart(2)}/${epochs}  loss ${loss.toFixed(3)}  accuracy ${percent(accuracy)}  ` +
          `validation loss ${val_loss.toFixed(3)}  validation accuracy ${percent(val_accuracy)}`,
      );
    },
  });

  const evaluation = await inRuntime(model, (fast) => evaluate(fast, validation.images, { onProgress: progressBar() }));
  console.log(`\nValidation accuracy: ${percent(evaluation.accuracy)}\n\n${confusionTable(evaluation)}\n`);
  const rows = predictionsTable(evaluation);
  const examples = [...rows.filter((row) => row.correct).slice(0, 2), ...rows.filter((row) => !row.correct).slice(0, 1)];
  for (const { file, label, predicted, probability, correct } of examples) {
    console.log(`${correct ? 'right' : 'wrong'}  ${file}: ${predicted} (${probability.toFixed(2)})${correct ? '' : `, is ${label}`}`);
  }
  await saveAndReload(model, validation);
}

async function loadBackbone(): Promise<LayersModel> {
  const { variant, weights } = options;
  if (weights === undefined && variant !== 'lite0') {
    throw new Error(`--variant ${variant} needs its weights: add --weights FILE. The example brings those of lite0 alone.`);
  }
  const inputSize = options['image-size'] === undefined ? {} : { inputSize: whole('image-size', options['image-size']) };
  const model = efficientNet(variant as Variant, inputSize);
  const file = weights ?? path.join(DATA, 'weights', 'efficientnet-lite0.safetensors');
  const { layout, loaded } = await loadWeights(model, await readFile(file));
  console.log(`${model.name}: ${loaded.length} weights from ${path.basename(file)} (names as ${layout} has them)`);
  return model;
}

async function namePanda(model: LayersModel): Promise<void> {
  const [, ...lines] = (await readFile(path.join(DATA, 'imagenet-classes.tsv'), 'utf8')).trim().split('\n');
  const classes = lines.map((line) => line.split('\t'));
  setClassNames(
    model,
    classes.map(([, wordNetId = '', name = '']) => `${wordNetId}  ${name}`),
  );
  console.log('\npanda.jpg shows');
  for (const { index, className = '', probability } of await classify(model, await decodeImage(path.join(DATA, 'photos', 'panda.jpg')))) {
    console.log(`  ${probability.toFixed(3)}  ${String(index).padStart(3)}  ${className}`);
  }
}

async function openPictures(
  folder: string,
  inputSize: number,
  seed: number,
): Promise<{ classNames: readonly string[]; train: ImageSet; validation: ImageSet }> {
  const has = (name: string): Promise<boolean> =>
    stat(path.join(folder, name)).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
  if (!(await has('train')) || !(await has('validation'))) return imageFolder(folder, { inputSize, seed, validationSplit: 0.2 });
  const train = await imageFolder(path.join(folder, 'train'), { inputSize, seed });
  const validation = await imageFolder(path.join(folder, 'validation'), { inputSize, shuffle: false, classNames: train.classNames });
  return { classNames: train.classNames, train, validation };
}

async function saveAndReload(model: LayersModel, validation: ImageSet): Promise<void> {
  await saveModel(model, options.out);
  const reloaded = await loadModel(options.out);
  const some = (): typeof validation.images => validation.images.take(8);
  const [before, after] = [await evaluate(model, some()), await evaluate(reloaded, some())];
  const same = before.predictions.probabilities.every((value, i) => value === after.predictions.probabilities[i]);
  console.log(`\nSaved to ${options.out}; loaded again, it predicts ${same ? 'exactly the same' : 'DIFFERENTLY'}.`);
  if (!same) process.exitCode = 1;
  console.log(`
The same without code, where effnet-ts is installed (docs/command-line.md):
  npx effnet-ts classify examples/data/photos/panda.jpg
  npx effnet-ts train ${path.relative('.', options.data)} -o runs/mine
  npx effnet-ts export runs/mine --to onnx`);
}

function whole(option: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new Error(`--${option}: expected a whole number, received '${value}'.`);
  return Number(value);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

main().catch((error: unknown) => {
  // A sentence for what the caller can mend; the whole stack for what they cannot.
  const known = isEffnetError(error) || (error instanceof Error && error.message.startsWith('--'));
  console.error(known ? error.message : error);
  process.exitCode = 1;
});
