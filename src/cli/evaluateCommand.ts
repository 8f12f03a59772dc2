// `effnet-ts evaluate`: measures a model on labeled images.

import path from 'node:path';
import {
  classificationReport,
  classNamesOf,
  confidenceInterval,
  confusionTable,
  decodeImage,
  evaluate,
  imageFiles,
  OptionError,
  predictionsCsv,
  type Evaluation,
} from '../node.js';
import { replaceFile } from '../node/files/internal.js';
import type { CliCommand, CliContext } from './CliCommand.js';
import { labeledFiles, requireLabeled } from './labeledFiles.js';
import { labeledOptions, runtimeOptions, wholeNumber, type CsvOptions, type RuntimeOptions } from './options.js';
import { openPredictor, requireModel, startBackend } from './openModel.js';
import { checkReportPackages, writeReportFile } from './reportFile.js';
import { skipListener } from './skipListener.js';

interface EvaluateCommandOptions extends RuntimeOptions, CsvOptions {
  readonly report?: string | undefined;
  readonly predictions?: string | undefined;
  readonly json?: true | undefined;
  readonly batchSize: number;
}

export const evaluateCommand: CliCommand = {
  name: 'evaluate',
  summary: 'measure a model on labeled images',
  examples: [
    ['evaluate models/clothes photos/test', 'prints metrics and the confusion table'],
    ['evaluate models/clothes photos/test --report report.html', 'also writes a page with charts and mistakes'],
    ['evaluate model.onnx labels.csv --path-column image --label-column class --json', 'measures an ONNX file on the images of a table'],
  ],
  define(command, context) {
    command
      .argument('<model>', 'folder of a saved model, an .onnx file, or a published name')
      .argument('<images>', 'folder with one sub-folder per class, or a CSV file')
      .option('--report <file>', 'write an HTML report, and its values as JSON beside it')
      .option('--predictions <file>', 'write a CSV file with the prediction for every image')
      .option('--json', 'print the metrics as JSON')
      .option('--batch-size <number>', 'images at once', wholeNumber(1), 32);
    for (const option of [...labeledOptions(), ...runtimeOptions()]) command.addOption(option);
    command.action((model: string, images: string, options: EvaluateCommandOptions) => evaluateModel(model, images, options, context));
  },
};

async function evaluateModel(name: string, source: string, options: EvaluateCommandOptions, context: CliContext): Promise<void> {
  const { report, predictions, json, batchSize, runtime, backend, skipBroken } = options;
  await requireModel(name);
  await requireLabeled(source);
  if (report !== undefined) await checkReportPackages();
  await startBackend(backend, context);
  const { predictor, model, dispose } = await openPredictor(name, runtime, context);
  try {
    const known = model === undefined ? (predictor as { classNames?: readonly string[] }).classNames : classNamesOf(model);
    const { files, classNames } = await labeledFiles(source, options, context, known);
    if (known === undefined) throw new OptionError(`evaluate: the model '${name}' does not contain the names of its classes.`);
    const images = imageFiles(files, {
      preprocessing: predictor,
      classes: classNames.length,
      shuffle: false,
      ...(skipBroken ? { errors: 'skip', onSkipped: skipListener(files.length, context) } : {}),
    });
    const evaluation = await evaluate(predictor, images, { batchSize, onProgress: context.onProgress, signal: context.signal });
    context.print(json ? JSON.stringify(metricsOf(evaluation), null, 2) : textOf(evaluation));
    if (predictions !== undefined) {
      await replaceFile(predictions, predictionsCsv(evaluation));
      context.note(`Predictions: ${predictions}`);
    }
    if (report !== undefined) {
      const places = new Map(files.map(({ origin, path: place }) => [origin, place]));
      await writeReportFile(report, {
        title: `${path.basename(path.resolve(name))} on ${path.basename(path.resolve(source))}`,
        evaluation,
        model,
        imageOf: ({ file }) => decodeImage(places.get(file) ?? file),
      });
      context.note(`Report: ${report}`);
    }
  } finally {
    await dispose();
  }
}

/** Formats accuracy with its confidence interval, the metrics per class and the confusion table. */
export function textOf(evaluation: Evaluation): string {
  const { low, high } = confidenceInterval(evaluation, 'accuracy');
  const percent = (share: number): string => (share * 100).toFixed(1);
  return [
    `Accuracy ${percent(evaluation.accuracy)} % on ${evaluation.count} images (95 % confidence: ${percent(low)} to ${percent(high)} %)`,
    classificationReport(evaluation),
    confusionTable(evaluation),
  ].join('\n\n');
}

function metricsOf({ predictions: _, confusionMatrix, ...metrics }: Evaluation): object {
  return { ...metrics, confusionMatrix: confusionMatrix.map((row) => [...row]) };
}
