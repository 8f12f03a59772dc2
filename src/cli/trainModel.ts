// The work of `effnet-ts train`: checks, training, measurement, and the files in the output folder.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { decodeImage, evaluate, imageFiles, planOf, preprocessingOf, saveModel, writeReport, type Evaluation } from '../node.js';
import { createRuntime } from '../onnx.js';
import { replaceFile } from '../node/files/internal.js';
import type { CliContext } from './CliCommand.js';
import { textOf } from './evaluateCommand.js';
import { kindOf, openLayersModel, requireModel, startBackend, usesOnnx } from './openModel.js';
import { trainByRecipe } from './recipe.js';
import { checkReportPackages } from './reportFile.js';
import type { TrainCommandOptions } from './trainCommandOptions.js';
import { openTrainingState, type TrainingState } from './trainingState.js';
import { trainingData, type TrainingFiles } from './trainingData.js';
import { historyCsv } from './historyCsv.js';
import { UsageError } from './UsageError.js';

/** Trains on labeled images and writes model, history and report. */
export async function trainModel(source: string, options: TrainCommandOptions, context: CliContext): Promise<void> {
  const { output, overwrite, report, backend, runtime, base, weights, inputSize, fineTuneFrom, fineTuneEpochs } = options;
  if ((await kindOf(output)) === 'file') throw new UsageError(`--output: expected a folder, received the file '${output}'.`);
  if (!overwrite && (await kindOf(path.join(output, 'model.json'))) !== undefined) {
    throw new UsageError(`there is a model in '${output}' already. Choose another folder, or add --overwrite.`);
  }
  await requireModel(base);
  const files = await trainingData(source, options, context);
  if (report) await checkReportPackages();
  const state = await openState(source, options);
  const started = await startBackend(backend, context);
  const onnx = await usesOnnx(runtime, context);
  context.note(summaryOf(files));

  // Opened before the images are read, so that a wrong name is reported at once.
  const opened = await openLayersModel(base, context, {
    ...(weights === undefined ? {} : { weights }),
    ...(inputSize === undefined ? {} : { inputSize }),
  });
  if (fineTuneEpochs > 0 && !opened.layers.some(({ name }) => name.startsWith(fineTuneFrom))) {
    throw new UsageError(`--fine-tune-from: '${base}' has no block '${fineTuneFrom}'. \`effnet-ts inspect ${base}\` lists its blocks.`);
  }
  const size = planOf(opened).inputShape[0] ?? 224;
  const basePreprocessing = preprocessingOf(opened) ?? { inputSize: size, fit: 'stretch' as const };
  const measured = files.test.length > 0 ? files.test : files.validation;
  const onStop = (): void => {
    context.note('Stopping after this step. Run the same command again to resume.');
  };
  context.signal.addEventListener('abort', onStop, { once: true });
  const { model, phases, before } = await trainByRecipe(
    {
      openBase: () => Promise.resolve(opened),
      files,
      options,
      inputSize: size,
      basePreprocessing,
      onnx,
      threaded: started === 'wasm',
      state,
      validate: (each) => measureOn(each, files.validation, files.classNames.length, onnx, context),
    },
    context,
  );
  const evaluation = await measureOn(model, measured, files.classNames.length, onnx, context);
  await saveModel(model, output);
  await replaceFile(path.join(output, 'history.csv'), historyCsv(phases));
  if (report) {
    const places = new Map(measured.map(({ origin, path: place }) => [origin, place]));
    await writeReport(output, {
      title: path.basename(path.resolve(output)),
      evaluation,
      before: files.test.length > 0 ? undefined : before,
      history: phases,
      settings: settingsOf(source, options, files),
      model,
      imageOf: ({ file }) => decodeImage(places.get(file) ?? file),
    });
  }
  context.signal.removeEventListener('abort', onStop);
  model.dispose();
  await state.remove();
  const kind = files.test.length > 0 ? 'test' : 'validation';
  context.print(`Measured on the ${kind} images, which it was not trained on.\n${textOf(evaluation)}\n`);
  const written = [
    ['model', output],
    ['history', path.join(output, 'history.csv')],
    ...(report ? [['report', path.join(output, 'report.html')]] : []),
  ];
  for (const [name = '', place = ''] of written) context.print(`${name.padEnd(8)} ${place}`);
}

async function openState(source: string, options: TrainCommandOptions): Promise<TrainingState> {
  const { restart, overwrite: _, report: __, output, threads: ____, skipBroken: _____, ...settings } = options;
  const folder = `${path.normalize(output).replace(/[\\/]+$/, '')}.training`;
  if (restart) await rm(folder, { recursive: true, force: true });
  return openTrainingState(folder, { source: path.resolve(source), ...settings });
}

async function measureOn(
  model: LayersModel,
  files: TrainingFiles['validation'],
  classes: number,
  onnx: boolean,
  { onProgress, signal }: CliContext,
): Promise<Evaluation> {
  const images = imageFiles(files, { preprocessing: model, classes, shuffle: false, concurrency: 'auto' });
  const runtime = onnx ? await createRuntime(model) : undefined;
  try {
    return await evaluate(runtime ?? model, images, { onProgress, signal });
  } finally {
    await runtime?.dispose();
  }
}

function summaryOf({ classNames, train, validation, test }: TrainingFiles): string {
  const parts = [`${train.length} to train`, `${validation.length} to validate`, ...(test.length > 0 ? [`${test.length} to test`] : [])];
  return `${train.length + validation.length + test.length} images of ${classNames.length} classes: ${parts.join(', ')}.`;
}

function settingsOf(source: string, options: TrainCommandOptions, files: TrainingFiles): Record<string, string | number | boolean> {
  const { base, epochs, fineTuneEpochs, fineTuneFrom, learningRate, batchSize, augment, seed } = options;
  return {
    images: source,
    training: files.train.length,
    validation: files.validation.length,
    test: files.test.length,
    base,
    epochs,
    fineTuneEpochs,
    fineTuneFrom,
    learningRate,
    batchSize,
    augment,
    seed,
  };
}
