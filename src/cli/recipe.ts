// How `effnet-ts train` trains: the classifier on cached features, then the upper blocks on augmented images. To train in another way,
// replace `trainByRecipe`.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  augment,
  checkpointFile,
  earlyStopping,
  fineTune,
  imageBatches,
  imageFiles,
  trainAugmentation,
  trainHead,
  trainingWorkers,
  type Dataset,
  type LabeledImage,
  type PreprocessingSource,
  type TrainedHead,
  type TrainingWorkers,
} from '../node.js';
import { createRuntime } from '../onnx.js';
import type { CliContext } from './CliCommand.js';
import type { PhaseHistory } from './historyCsv.js';
import type { TrainCommandOptions } from './trainCommand.js';
import type { TrainingFiles } from './trainingData.js';
import type { TrainingState } from './trainingState.js';

/** What {@link trainByRecipe} works with. */
export interface RecipeInput {
  /** Opens the network to start from. It is not called when a training is resumed. */
  readonly openBase: () => Promise<LayersModel>;
  readonly files: TrainingFiles;
  readonly options: TrainCommandOptions;
  /** Height and width of the input in pixels. */
  readonly inputSize: number;
  /** The preprocessing of the network to start from, for training without augmentation. */
  readonly basePreprocessing: PreprocessingSource;
  /** Whether ONNX Runtime computes the frozen layers. */
  readonly onnx: boolean;
  /** Whether several threads can train, which takes the wasm backend. */
  readonly threaded: boolean;
  /** What a resumed training needs. */
  readonly state: TrainingState;
  /** Called with the model before fine-tuning. */
  readonly onHead: (model: LayersModel) => Promise<void>;
}

/** Trains and returns the model, which the caller must dispose, and the metrics of every epoch. */
export async function trainByRecipe(
  input: RecipeInput,
  context: CliContext,
): Promise<{ readonly model: LayersModel; readonly phases: readonly PhaseHistory[] }> {
  const { options, inputSize, files, onnx, onHead } = input;
  const { augment: recipe, batchSize, seed, fineTuneEpochs, fineTuneFrom, learningRate } = options;
  const classes = files.classNames.length;
  const augmented =
    recipe === 'none'
      ? undefined
      : augment(imageFiles(files.train, { classes, seed, concurrency: 'auto' }), trainAugmentation(recipe, inputSize), { seed });
  const preprocessing: PreprocessingSource = augmented ?? input.basePreprocessing;
  const plain = imageFiles(files.train, { preprocessing, classes, seed, concurrency: 'auto' });
  const validation = imageFiles(files.validation, { preprocessing, classes, shuffle: false, concurrency: 'auto' });

  const { model, history } = await trainedHead(input, plain, validation, context);
  const phases: PhaseHistory[] = [{ name: 'classifier', history }];
  await onHead(model);
  if (fineTuneEpochs === 0) return { model, phases };
  const workers = trainingThreads(input);
  try {
    const tuned = await fineTune(model, {
      train: imageBatches(augmented ?? plain, { batchSize }),
      validation: imageBatches(validation, { batchSize }),
      stages: [{ unfreeze: { from: fineTuneFrom }, epochs: fineTuneEpochs, learningRate }],
      callbacks: [earlyStopping({ monitor: 'val_loss', patience: fineTuneEpochs })],
      runtime: onnx ? createRuntime : undefined,
      workers,
      store: checkpointFile(input.state.checkpoint),
      checkpointEverySteps: 20,
      onProgress: context.onProgress,
      signal: context.signal,
    });
    return { model, phases: [...phases, { name: 'fine-tuning', history: tuned }] };
  } finally {
    await workers?.dispose();
  }
}

/** Trains the classifier, or loads the one of a training that was interrupted later. */
async function trainedHead(
  { openBase, files: { classNames }, options: { epochs, seed }, onnx, state }: RecipeInput,
  train: Dataset<LabeledImage>,
  validation: Dataset<LabeledImage>,
  { onProgress, signal, note }: CliContext,
): Promise<TrainedHead> {
  const earlier = await state.classifier();
  if (earlier !== undefined) {
    note('Resuming the training that was interrupted.');
    return earlier;
  }
  const trained = await trainHead(await openBase(), {
    train: imageBatches(train),
    validation: imageBatches(validation),
    classNames,
    epochs,
    seed,
    runtime: onnx ? createRuntime : undefined,
    onProgress,
    signal,
  });
  await state.keep(trained);
  return trained;
}

function trainingThreads({ options: { threads }, threaded }: RecipeInput): TrainingWorkers | undefined {
  if (!threaded || threads === 1) return undefined;
  const workers = trainingWorkers(threads === undefined ? {} : { threads });
  return workers.threads === 1 ? undefined : workers;
}
