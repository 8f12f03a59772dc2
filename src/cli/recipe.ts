// How `effnet-ts train` trains: the classifier on cached features, then the upper blocks on augmented images. To train in another way,
// replace `trainByRecipe`.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  augment,
  checkpointFile,
  earlyStopping,
  fineTune,
  fineTuningRecipe,
  imageBatches,
  imageFiles,
  trainAugmentation,
  trainHead,
  trainingWorkers,
  type Dataset,
  type Evaluation,
  type LabeledImage,
  type PreprocessingSource,
  type TrainingWorkers,
} from '../node.js';
import { createRuntime } from '../onnx.js';
import type { CliContext } from './CliCommand.js';
import type { PhaseHistory } from './historyCsv.js';
import type { TrainCommandOptions } from './trainCommandOptions.js';
import type { TrainingFiles } from './trainingData.js';
import type { Classifier, TrainingState } from './trainingState.js';

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
  /** Measures a model on the validation images. */
  readonly validate: (model: LayersModel) => Promise<Evaluation>;
}

/** A trained model, which the caller must dispose, and how it came about. */
export interface Trained {
  readonly model: LayersModel;
  readonly phases: readonly PhaseHistory[];
  /** The classifier on the validation images, before fine-tuning. `undefined` if the model is not fine-tuned. */
  readonly before?: Evaluation | undefined;
}

/**
 * Trains the classifier, then fine-tunes. The fine-tuned model is returned only if it is better on the validation images: with few images,
 * fine-tuning may do harm.
 */
export async function trainByRecipe(input: RecipeInput, context: CliContext): Promise<Trained> {
  const { options, inputSize, files, onnx, state, validate } = input;
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
  if (fineTuneEpochs === 0) return { model, phases };
  const before = await validate(model);
  const workers = trainingThreads(input);
  try {
    const tuned = await fineTune(model, {
      ...fineTuningRecipe({
        images: files.train.length,
        batchSize,
        epochs: fineTuneEpochs,
        learningRate,
        unfreeze: { from: fineTuneFrom },
      }),
      train: imageBatches(augmented ?? plain, { batchSize }),
      validation: imageBatches(validation, { batchSize }),
      calibrate: true,
      callbacks: [earlyStopping({ monitor: 'val_loss', patience: fineTuneEpochs })],
      runtime: onnx ? createRuntime : undefined,
      workers,
      store: checkpointFile(state.checkpoint),
      checkpointEverySteps: 20,
      onProgress: context.onProgress,
      signal: context.signal,
    });
    phases.push({ name: 'fine-tuning', history: tuned });
  } finally {
    await workers?.dispose();
  }
  const after = await validate(model);
  const [low, high] = [before, after].map(({ accuracy }) => `${(accuracy * 100).toFixed(1)} %`);
  if (isBetter(after, before)) {
    context.note(`Fine-tuning changed the accuracy on the validation images from ${low ?? ''} to ${high ?? ''}.`);
    return { model, phases, before };
  }
  context.note(`Fine-tuning did not help (accuracy on the validation images ${low ?? ''}, then ${high ?? ''}), so its result is not used.`);
  model.dispose();
  return { model: ((await state.classifier()) as Classifier).model, phases };
}

function isBetter(after: Evaluation, before: Evaluation): boolean {
  return after.accuracy === before.accuracy ? after.loss < before.loss : after.accuracy > before.accuracy;
}

/** Trains the classifier, or loads the one of a training that was interrupted later. */
async function trainedHead(
  { openBase, files: { classNames }, options: { epochs, seed }, onnx, state }: RecipeInput,
  train: Dataset<LabeledImage>,
  validation: Dataset<LabeledImage>,
  { onProgress, signal, note }: CliContext,
): Promise<Classifier> {
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
